--- A daemon set: what `main` returns. Entries start when what they require is ready.
local daemon = require('runtime.sdk.daemon')
local world = require('runtime.world')

---@class runtime.ReadyOptions
---@field display string? name shown to the operator; nil: not reported
---@field check? runtime.Check default: ready as soon as it runs
---@field grace? number seconds in which a failure still counts as starting (default 10)
---@field interval? number seconds between checks while it is well (default 30)

---@class runtime.ExecSpec
---@field command string|string[]|table argv, a shell line, or sdk.use_entrypoint(…)
---@field user? string
---@field cwd? string
---@field env? table<string, string>
---@field signal? string default TERM
---@field stop_timeout? number seconds until SIGKILL (default 60)
---@field as_init? boolean becomes PID 1 of its subcontainer (images with their own init)

---@class runtime.DaemonOptions
---@field subcontainer runtime.Subcontainer
---@field exec runtime.ExecSpec
---@field ready? runtime.ReadyOptions
---@field requires? string[] ids declared earlier

---@class runtime.DaemonSet
---@field entries runtime.Daemon[]
local Set = {}
Set.__index = Set

local M = {}

function M.new() return setmetatable({ entries = {}, by_id = {} }, Set) end

local function add(self, kind, id, opts)
  if type(id) ~= 'string' or id == '' then error(kind .. ': an id expected', 3) end
  if self.by_id[id] then error(("two entries are called '%s'"):format(id), 3) end
  if type(opts) ~= 'table' then error(("%s '%s': options expected"):format(kind, id), 3) end
  for _, required in ipairs(opts.requires or {}) do
    if not self.by_id[required] then
      error(("'%s' requires '%s', which is not declared before it"):format(id, required), 3)
    end
  end
  local entry = daemon.new(kind, id, opts)
  self.entries[#self.entries + 1] = entry
  self.by_id[id] = entry
  return self
end

--- A program that is to run for ever; started again when it ends.
---@param id string
---@param opts runtime.DaemonOptions
function Set:daemon(id, opts) return add(self, 'daemon', id, opts) end

--- A program that is to end with 0 once; ready then.
---@param id string
---@param opts runtime.DaemonOptions
function Set:oneshot(id, opts) return add(self, 'oneshot', id, opts) end

--- A check without a program.
---@param id string
---@param opts {ready: runtime.ReadyOptions, requires: string[]?}
function Set:health(id, opts) return add(self, 'health', id, opts) end

--- Launches what can be launched. Called by the runtime. *async*
---@param context runtime.Context
---@return true? ok
---@return engine.Error? err
function Set:start(context)
  self.context = context
  context:on_leave(function() self:terminate() end)
  for _, entry in ipairs(self.entries) do
    local started, err = entry:start(self, context)
    if not started then return nil, err end
  end
  return true
end

--- Wakes the entries that wait for others.
function Set:changed()
  for _, entry in ipairs(self.entries) do
    entry:tell('requirements')
  end
end

local function requires(entry, id)
  for _, required in ipairs(entry.opts.requires or {}) do
    if required == id then return true end
  end
  return false
end

--- Ends entries, dependents before what they require, the others at the same time. *async*
---@param entries runtime.Daemon[] in order of declaration
local function end_all(entries)
  local tasks = {}
  for i = #entries, 1, -1 do
    local entry = entries[i]
    local dependents = {}
    for later = i + 1, #entries do
      if requires(entries[later], entry.id) then
        dependents[#dependents + 1] = tasks[entries[later].id]
      end
    end
    tasks[entry.id] = world.loop.spawn(function()
      for _, task in ipairs(dependents) do
        task:join()
      end
      entry:stop()
    end, { name = 'stop ' .. entry.id })
  end
  for _, task in pairs(tasks) do
    task:join()
  end
end

--- Ends every entry. *async*
function Set:terminate() end_all(self.entries) end

--- Takes the place of its own earlier version: unchanged entries run on, the others end or start.
--- *async*
---@param fresh runtime.DaemonSet
function Set:become(fresh)
  local kept, ending = {}, {}
  for _, old in ipairs(self.entries) do
    local new = fresh.by_id[old.id]
    local same = new and new:signature() == old:signature()
    for _, required in ipairs(same and old.opts.requires or {}) do
      same = same and kept[required] ~= nil
    end
    if same then
      kept[old.id] = old
    else
      ending[#ending + 1] = old
    end
  end
  end_all(ending)
  local entries, by_id = {}, {}
  for i, new in ipairs(fresh.entries) do
    local entry = kept[new.id] or new
    if kept[new.id] then entry:adopt(new) end
    entries[i], by_id[new.id] = entry, entry
  end
  self.entries, self.by_id = entries, by_id
  for _, entry in ipairs(entries) do
    if not kept[entry.id] then
      local started, err = entry:start(self, self.context)
      if not started then return nil, err end
    end
  end
  return true
end

--- The subcontainers its entries run in, each once.
---@return runtime.Subcontainer[]
function Set:subcontainers()
  local list, seen = {}, {}
  for _, entry in ipairs(self.entries) do
    local sub = entry.opts.subcontainer
    if sub and not seen[sub] then
      seen[sub] = true
      list[#list + 1] = sub
    end
  end
  return list
end

--- For people and `eval`: `{id = {kind, state, health, pid}}`.
function Set:describe()
  local out = {}
  for _, entry in ipairs(self.entries) do
    out[entry.id] = entry:describe()
  end
  return out
end

return M
