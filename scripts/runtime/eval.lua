--- `eval`: a script in the live state of the package, for looking at it and mending it.
local execute = require('runtime.execute')
local json = require('engine.json')
local log = require('engine.log')
local module = require('engine.module')
local system = require('runtime.system')

local M = {}

local DEFAULT_LIMIT = 30
--- A script that computes without waiting holds up the whole service, so it gets less.
local MAX_SLICE = 5
local MAX_LINES = 10000

local next_id = 1

--- What JSON cannot hold becomes text.
local function plain(value, depth, seen)
  local kind = type(value)
  if kind == 'table' then
    if seen[value] then return '<cycle>' end
    if depth > 32 then return '<deep>' end
    seen[value] = true
    local out = {}
    local list = json.is_array(value) or (value[1] ~= nil and #value > 0)
    for key, member in pairs(value) do
      if list and type(key) ~= 'number' then list = false end
      out[type(key) == 'number' and key or tostring(key)] = plain(member, depth + 1, seen)
    end
    seen[value] = nil
    if list then return json.array(out) end
    local object = {}
    for key, member in pairs(out) do
      object[tostring(key)] = member
    end
    return object
  end
  if kind == 'number' and (value ~= value or value == math.huge or value == -math.huge) then
    return tostring(value)
  end
  if kind == 'function' or kind == 'thread' then return '<' .. kind .. '>' end
  if kind == 'userdata' and value ~= json.null then return tostring(value) end
  return value
end

local function subcontainers()
  local found = {}
  local set = system.daemons()
  for _, sub in ipairs(set and set:subcontainers() or {}) do
    found[sub.name] = sub
  end
  return found
end

local function describe_system()
  local exports = system.package() and system.package().exports or {}
  local manifest = exports.manifest or {}
  return { name = manifest.id, version = manifest.version, actions = exports.actions,
    main = system.daemons(), status = system.status() }
end

local function printer(output)
  return function(...)
    local words = {}
    for i = 1, select('#', ...) do
      words[i] = tostring((select(i, ...)))
    end
    if #output < MAX_LINES then output[#output + 1] = table.concat(words, '\t') end
  end
end

--- The globals of a script: its own, then these, then the package's.
local function environment(args, output)
  local package = system.package()
  return setmetatable({
    effects = args.effects,
    system = describe_system(),
    subcontainers = subcontainers(),
    print = printer(output),
    reload = function() return system.reload('soft') end,
  }, { __index = package and package.env or _G })
end

--- The method `eval`. *async*
---@param params {script: string, event: string?, timeout: number?}
---@return {result: any, output: string[]}? answer
---@return engine.Error? err
function M.eval(params)
  local id = params.event or ('eval-%d'):format(next_id)
  next_id = next_id + 1
  log.info('audit', 'eval', { event = id, bytes = tostring(#params.script) })
  local output = json.array({})
  local limit = params.timeout and params.timeout / 1000 or DEFAULT_LIMIT
  local result, err = execute.run({ id = id, procedure = 'eval', limit = limit,
    slice = math.min(limit, MAX_SLICE) },
    function(args)
      local fn, problem = module.eval(params.script, environment(args, output), 'eval')
      if not fn then return nil, problem end
      local value, failure = fn()
      if value == nil and failure ~= nil then return nil, failure end
      return { value = value }
    end)
  if err then return nil, err end
  return { result = plain(result.value, 0, {}), output = output }
end

return M
