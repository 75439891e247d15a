--- `eval`: a script in the live state of the package, for looking at it and mending it.
local console = require('lib.console')
local execute = require('runtime.execute')
local json = require('engine.json')
local log = require('engine.log')
local module = require('engine.module')
local system = require('runtime.system')

local M = {}

local DEFAULT_LIMIT = 30
--- A script that computes without waiting holds up the whole service, so it gets less.
local MAX_SLICE = 5

local next_id = 1

local plain

local function plain_table(value, depth, seen)
  if seen[value] then return '<cycle>' end
  if depth > 32 then return '<deep>' end
  seen[value] = true
  local list, count = {}, 0
  for key, member in next, value do
    list[key], count = plain(member, depth + 1, seen), count + 1
  end
  seen[value] = nil
  if count == #value and (count > 0 or json.is_array(value)) then return json.array(list) end
  local object = {}
  for key, member in next, list do
    object[tostring(key)] = member
  end
  return object
end

--- What JSON cannot hold becomes text. Nothing of the value is called.
function plain(value, depth, seen)
  local kind = type(value)
  if kind == 'table' then return plain_table(value, depth, seen) end
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

local known

--- The host knows it, and it does not change while the container lives. *async*
local function manifest_of(effects)
  known = known or effects.get_service_manifest and effects.get_service_manifest()
  return known or {}
end

local function describe_system(effects)
  local exports = system.package() and system.package().exports or {}
  local manifest = exports.manifest or manifest_of(effects)
  return { name = manifest.id, version = manifest.version, actions = exports.actions,
    main = system.daemons(), status = system.status() }
end

--- What a script finds beside its own variables, before the package's globals.
local function sights(effects)
  return {
    effects = effects,
    system = describe_system(effects),
    subcontainers = subcontainers(),
    reload = function() return system.reload('soft') end,
  }
end

local function globals()
  local package = system.package()
  return package and package.env or _G
end

local here = console.new({ eval = module.eval, members = module.members, array = json.array,
  index = function(name) return globals()[name] end,
  names = function() return module.members(globals()) end, chunk = 'eval' })

--- The answer to a script that ended; `nil, err` that it returned is its failure, unless somebody
--- looks at all values.
local function outcome(kept, answer, first, second)
  if not answer then return nil, first end
  if not kept and first == nil and second ~= nil then
    return nil, second, answer.output
  end
  answer.result = plain(first, 0, {})
  return { answer = answer }
end

--- An error with what the script printed before it, and the way it took.
local function explained(err, output)
  local told = type(err) == 'table' and err or { code = 'script', message = tostring(err) }
  local trace = console.own_frames(told.debug)
  return { code = told.code, message = console.own_words(told.message), hint = told.hint,
    details = { info = told.details, output = output, traceback = trace ~= '' and trace or nil } }
end

--- The method `eval`. Variables of a `session` are kept for its next script. *async*
---@param params {script: string, event: string?, timeout: number?, session: string?}
---@return {result: any, values: string[], output: string[]}? answer
---@return engine.Error? err Its details: {output, traceback?, info?}
function M.eval(params)
  local id = params.event or ('eval-%d'):format(next_id)
  next_id = next_id + 1
  log.info('audit', 'eval', { event = id, bytes = tostring(#params.script) })
  local limit = params.timeout and params.timeout / 1000 or DEFAULT_LIMIT
  local session, once = params.session or 'once ' .. id, params.session == nil
  local printed
  local result, err = execute.run({ id = id, procedure = 'eval', limit = limit,
    slice = math.min(limit, MAX_SLICE) },
    function(args)
      local good, failure, output = outcome(not once, here:eval({ code = params.script,
        session = session, once = once, see = sights(args.effects) }))
      printed = output
      return good, failure
    end)
  if result then return result.answer end
  return nil, explained(err, printed or here:output({ session = session, once = once }))
end

--- The method `complete`: names the word at the end of a line may become.
---@param params {line: string, session: string}
---@return string[]
function M.complete(params)
  return here:complete({ line = params.line, session = params.session, see = sights({}) })
end

return M
