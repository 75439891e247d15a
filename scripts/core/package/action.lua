--- `package.action.*`: what a service lets its operator do.
local json = require('engine.json')
local lease = require('engine.lease')
local names = require('lib.names')
local null = require('lib.null')
local operator = require('service.operator')
local rpc = require('lib.rpc')
local runtime = require('service.runtime')
local t = rpc.types

--- Seconds (service runtime reference, section 1.9).
local INPUT_TIMEOUT, RUN_TIMEOUT = 30, 120

local function list(_call, params)
  local current, err = operator.installed(params.id)
  if not current then return nil, err end
  local rows = {}
  for _, id in ipairs(names.sorted_keys(current.actions)) do
    local action = current.actions[id]
    rows[#rows + 1] = { id = id, name = action.name, description = action.description,
      hasInput = action.hasInput, visibility = action.visibility,
      allowedStatuses = action.allowedStatuses }
  end
  return rows
end

local function refused(message, hint)
  return nil, { code = 'action', message = message, hint = hint }
end

local ALLOWED = {
  ['only-running'] = function(current) return current.statusInfo.started ~= nil end,
  ['only-stopped'] = function(current) return current.statusInfo.started == nil end,
  any = function() return true end,
}

--- The action's metadata, if it may be run now.
local function find(id, action_id)
  local current, err = operator.installed(id)
  if not current then return nil, err end
  local action = current.actions[action_id]
  if not action then
    return nil, { code = 'not_found', message = ('%s has no action %q'):format(id, action_id),
      hint = ('moon-cli package action list %s shows them'):format(id) }
  end
  local disabled = type(action.visibility) == 'table' and action.visibility.disabled
  if disabled then return refused(disabled) end
  local allowed = ALLOWED[action.allowedStatuses] or ALLOWED.any
  if not allowed(current) then
    return refused(('%q runs %s'):format(action_id, action.allowedStatuses:gsub('-', ' ')),
      ('moon-cli package start|stop %s'):format(id))
  end
  return action
end

local function get_input(_call, params)
  local action, err = find(params.packageId, params.actionId)
  if not action then return nil, err end
  if not action.hasInput then return nil end
  return runtime.execute(params.packageId, ('/actions/%s/getInput'):format(params.actionId),
    { prefill = params.prefill or json.null }, INPUT_TIMEOUT)
end

--- One action or backup of a package at a time.
local function run(_call, params)
  local action, err = find(params.packageId, params.actionId)
  if not action then return nil, err end
  local held, busy = lease.acquire('run:' .. params.packageId)
  if not held then return nil, busy end
  local input = params.input == nil and json.null or params.input
  local result, problem = runtime.execute(params.packageId,
    ('/actions/%s/run'):format(params.actionId), { input = input }, RUN_TIMEOUT, params.eventId)
  held:release()
  return result, problem
end

local function present(value) return value ~= nil and not null.is_null(value) end

local function show_member(member, out, indent)
  local pad = ('  '):rep(indent)
  if member.type == 'group' then
    for _, each in ipairs(member.value) do
      out:line(('%s%s'):format(pad, each.name))
      show_member(each, out, indent + 1)
    end
  else
    out:line(pad .. tostring(member.value))
  end
end

local function show_result(_params, result, out)
  if not present(result) then return end
  out:line(result.title)
  if present(result.message) then out:line(result.message) end
  if present(result.result) then show_member(result.result, out, 0) end
end

local function show_list(_params, rows, out)
  out:table({ 'id', 'name', 'hasInput', 'description' }, rows)
end

local PACKAGE = t.package_id{ positional = 1, help = 'help.arg.package-id' }
local ACTION = t.string{ positional = 2, max_length = 256, help = 'help.arg.action-id' }

return rpc.parent():with_about('about.package.action')
  :subcommand('list', rpc.from_fn(list)
    :with_params({ id = PACKAGE })
    :with_result(t.array(t.object{ fields = {
      id = t.string, name = t.string, description = t.optional(t.nullable(t.string)),
      hasInput = t.optional(t.boolean), visibility = t.any{ optional = true },
      allowedStatuses = t.optional(t.enum{ 'only-running', 'only-stopped', 'any' }),
    } }))
    :with_errors('not_found', 'conflict')
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_list)
    :with_about('about.package.action.list')
    :with_call_remote('CliContext'))
  :subcommand('get-input', rpc.from_fn_async(get_input)
    :with_params({ packageId = PACKAGE, actionId = ACTION,
      prefill = t.json{ optional = true, help = 'help.arg.prefill' } })
    :with_result(t.json)
    :with_errors('not_found', 'conflict', 'action')
    :with_metadata('deadline', INPUT_TIMEOUT + 10)
    :with_display_serializable()
    :with_about('about.package.action.get-input')
    :with_call_remote('CliContext'))
  :subcommand('run', rpc.from_fn_async(run)
    :with_params({ packageId = PACKAGE, actionId = ACTION,
      input = t.json{ optional = true, help = 'help.arg.input' },
      eventId = t.guid{ optional = true, no_cli = true } })
    :with_result(t.json)
    :with_errors('not_found', 'conflict', 'action', 'busy')
    :with_metadata('audit', true)
    :with_metadata('sync_db', true)
    :with_metadata('deadline', RUN_TIMEOUT + 10)
    :with_display_serializable()
    :with_custom_display_fn(show_result)
    :with_about('about.package.action.run')
    :with_examples([[package action run hello-world set-greeting --input '{"greeting":"Moin"}']])
    :with_call_remote('CliContext'))
