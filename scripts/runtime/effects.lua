--- The effects object of package code: `effects.set_health{ … }`, `effects.action.run{ … }`.
---
--- A name is the method on the wire with `_` for `-`; camelCase names work too. Parameters are
--- those of the wire in either spelling. Answers are `result`, or `nil, err`.
local world = require('runtime.world')

local M = {}

---@type table<table, runtime.Context>
local contexts = setmetatable({}, { __mode = 'k' })

--- The groups of the effect table; everything else is a method.
local GROUPS = { action = true, subcontainer = true, notification = true, plugin = true,
  url = true, kv = true, timer = true, resources = true }

local function to_kebab(name)
  return (name:gsub('(%u)', function(letter) return '-' .. letter:lower() end):gsub('_', '-'))
end

local function to_camel(name)
  return (name:gsub('_(%l)', string.upper))
end

local function wire_params(context, params, callback)
  local out = {}
  for key, value in pairs(params or {}) do
    out[type(key) == 'string' and to_camel(key) or key] = value
  end
  out.eventId = out.eventId or context.event_id
  if callback then out.callback = context.active and context:callback(callback) or nil end
  return out
end

local function group(context, prefix)
  return setmetatable({}, {
    __index = function(self, name)
      if type(name) ~= 'string' then return nil end
      local wire = prefix .. to_kebab(name)
      local member
      if GROUPS[name] then
        member = group(context, wire .. '.')
      else
        member = function(params, callback)
          if type(params) == 'function' then
            params, callback = nil, params
          end
          return world.call(wire, wire_params(context, params, callback))
        end
      end
      rawset(self, name, member)
      return member
    end,
  })
end

--- The effects of a context.
---@param context runtime.Context
function M.of(context)
  local effects = group(context, '')
  contexts[effects] = context
  return effects
end

--- The context behind an effects object.
---@param effects table
---@return runtime.Context
function M.context(effects)
  local context = contexts[effects]
  if not context then error('this is not an effects object: pass args.effects on', 3) end
  return context
end

return M
