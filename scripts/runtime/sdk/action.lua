--- Actions: what an operator can do with the service, with a form for what it needs to know.
local json = require('engine.json')

---@class runtime.ActionOptions
---@field id string
---@field name string shown
---@field description? string
---@field warning? string asked before it is run
---@field visibility? 'enabled'|'hidden'|{disabled: string}
---@field allowed_statuses? 'only-running'|'only-stopped'|'any' (default any)
---@field group? string heading
---@field access? 'public'|'dependent'|'user'
---@field input? runtime.InputSpec|fun(args: table): runtime.InputSpec
---@field current? fun(args: table): table? the values the form begins with
---@field run fun(args: {effects: table, input: table?}): any, any

---@class runtime.Action
local Action = {}
Action.__index = Action

local M = {}

---@param opts runtime.ActionOptions
---@return runtime.Action
function M.new(opts)
  if type(opts.id) ~= 'string' or not opts.id:match('^[a-z0-9][a-z0-9-]*$') then
    error("an action needs an id such as 'set-greeting'", 2)
  end
  if type(opts.run) ~= 'function' then
    error(("action '%s' needs run = function(args) … end"):format(opts.id), 2)
  end
  return setmetatable({ id = opts.id, opts = opts }, Action)
end

--- What the host lists. *async*
function Action:metadata(_args)
  local opts = self.opts
  return { name = opts.name or self.id, description = opts.description or '',
    warning = opts.warning or json.null, visibility = opts.visibility or 'enabled',
    allowedStatuses = opts.allowed_statuses or 'any', hasInput = opts.input ~= nil,
    group = opts.group or json.null, access = opts.access or 'user' }
end

local function spec_of(self, args)
  local input = self.opts.input
  if type(input) == 'function' then return input(args) end
  return input
end

--- The form, with current values. *async*
---@param args {effects: table, event_id: string}
---@param prefill? table
---@return {eventId: string, spec: any, value: table?}? form nil when the action has no input
---@return engine.Error? err
function Action:get_input(args, prefill)
  args.prefill = prefill ~= json.null and prefill or nil
  local spec, err = spec_of(self, args)
  if not spec then return nil, err end
  local value
  if self.opts.current then
    value, err = self.opts.current(args)
    if err then return nil, err end
  end
  return { eventId = args.event_id or json.null, spec = spec:to_json(), value = value or json.null }
end

--- Checks the input and runs. *async*
---@param args {effects: table, event_id: string}
---@param values? any
---@return any result
---@return engine.Error? err `config_spec_violation` naming every field that does not fit
function Action:run(args, values)
  local spec, err = spec_of(self, args)
  if err then return nil, err end
  if spec then
    if values == nil or values == json.null then values = {} end
    local current = self.opts.current and self.opts.current(args) or nil
    local checked, problem = spec:check(values, current)
    if not checked then return nil, problem end
    args.input = checked
  end
  local result, failed = self.opts.run(args)
  if result == nil and failed then return nil, failed end
  return M.result(result)
end

--- A result as the host shows it: nil, a text, or a table in version 1 already.
---@param result any
function M.result(result)
  if result == nil then return nil end
  if type(result) == 'string' then
    return { version = '1', title = 'Done', message = result, result = json.null }
  end
  if type(result) ~= 'table' then
    error('an action returns nil, a text, or { title, message, result }', 0)
  end
  return { version = '1', title = result.title or 'Done', message = result.message or json.null,
    result = result.result or json.null }
end

---@class runtime.ActionSet
local Set = {}
Set.__index = Set

--- All actions of a package, in the order they are shown.
---@param list runtime.Action[]
---@return runtime.ActionSet
function M.set(list)
  local by_id = {}
  for i, action in ipairs(list) do
    if getmetatable(action) ~= Action then
      error(('sdk.actions: entry %d is no sdk.action{ … }'):format(i), 2)
    end
    if by_id[action.id] then error(("two actions are called '%s'"):format(action.id), 2) end
    by_id[action.id] = action
  end
  return setmetatable({ list = list, by_id = by_id }, Set)
end

function Set:all() return self.list end

---@param id string
---@return runtime.Action?
function Set:find(id) return self.by_id[id] end

return M
