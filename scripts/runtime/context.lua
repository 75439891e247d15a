--- Contexts: named scopes of package code. What is started or watched in one ends with it.
local world = require('runtime.world')

---@class runtime.Context
---@field name string
---@field event_id string?
---@field active boolean
---@field parent runtime.Context?
---@field children table<string, runtime.Context>
local Context = {}
Context.__index = Context

local M = {}

local next_callback = 1
---@type table<integer, {context: runtime.Context, fn: function}>
local callbacks = {}

---@param name string
---@param parent? runtime.Context
---@param event_id? string
---@return runtime.Context
function M.new(name, parent, event_id)
  return setmetatable({ name = name, parent = parent, event_id = event_id, active = true,
    children = {}, handlers = {}, callbacks = {} }, Context)
end

--- Makes a child, ending the earlier one of that name. *async*
---@param name string
---@param event_id? string
function Context:child(name, event_id)
  local earlier = self.children[name]
  if earlier then earlier:leave() end
  local child = M.new(name, self, event_id)
  self.children[name] = child
  return child
end

--- Runs `fn` when the context ends; the latest first. It may wait.
---@param fn function
function Context:on_leave(fn) self.handlers[#self.handlers + 1] = fn end

--- Registers a function the host may call back, once.
---@param fn function
---@return integer id
function Context:callback(fn)
  local id = next_callback
  next_callback = id + 1
  callbacks[id] = { context = self, fn = fn }
  self.callbacks[#self.callbacks + 1] = id
  return id
end

local function drop_callbacks(context)
  local ids = {}
  for _, id in ipairs(context.callbacks) do
    if callbacks[id] then ids[#ids + 1] = id end
    callbacks[id] = nil
  end
  context.callbacks = {}
  if #ids > 0 then world.call('clear-callbacks', { only = ids }) end
end

--- Ends the context: children first, then its own handlers in reverse order. *async*
function Context:leave()
  if not self.active then return end
  self.active = false
  if self.parent and self.parent.children[self.name] == self then
    self.parent.children[self.name] = nil
  end
  local children = {}
  for _, child in pairs(self.children) do
    children[#children + 1] = child
  end
  for _, child in ipairs(children) do
    child:leave()
  end
  drop_callbacks(self)
  for i = #self.handlers, 1, -1 do
    local fine, err = pcall(self.handlers[i])
    if not fine then
      world.log.warn('runtime', 'leaving ' .. self.name .. ': ' .. tostring(err))
    end
  end
  self.handlers = {}
end

--- The function behind a callback id; it is gone then.
---@param id integer
---@return function?
function M.take_callback(id)
  local entry = callbacks[id]
  callbacks[id] = nil
  return entry and entry.context.active and entry.fn or nil
end

return M
