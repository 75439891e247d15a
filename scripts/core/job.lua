--- `job.*`: operations that take longer than a call.
local copy = require('lib.copy')
local event = require('engine.event')
local follow = require('core.follow')
local job = require('engine.job')
local rpc = require('lib.rpc')
local t = rpc.types

local function newest_first(list)
  table.sort(list, function(a, b) return a.created > b.created end)
  return list
end

local function list()
  local jobs, err = job.list()
  if not jobs then return nil, err end
  return newest_first(jobs)
end

local function get(_call, params) return job.get(params.id) end

--- With `progress`, every change of the job is sent on the caller's connection while it waits.
local function wait(call, params)
  local sub
  if params.progress and call.pushes then
    local made, err = event.subscribe(call.connection, { type = 'job', job = params.id })
    if not made then return nil, err end
    sub = made
  end
  local snapshot, problem = job.wait(params.id, params.timeout)
  if sub then event.unsubscribe(call.connection, sub) end
  return snapshot, problem
end

local function cancel(_call, params)
  local asked, err = job.cancel(params.id)
  if not asked then return nil, err end
  return nil
end

local function wait_here(call, params) return follow.job(call, params.id) end

local function id_params(more)
  return copy.merged({ id = t.string{ positional = true, max_length = 64, complete = 'job',
    help = 'help.arg.job-id' } }, more)
end

--- What `engine.job` says of one job.
local SNAPSHOT = t.object{ fields = {
  id = t.string, kind = t.string, target = t.optional(t.string), title = t.optional(t.string),
  state = t.enum{ 'running', 'succeeded', 'failed', 'cancelled' },
  cancelling = t.boolean, progress = t.any, result = t.any,
  error = t.nullable(t.object{ fields = {
    kind = t.string, message = t.string, hint = t.optional(t.string), info = t.optional(t.any),
  } }),
  created = t.datetime, ended = t.optional(t.datetime),
} }

local COLUMNS = { 'id', 'kind', 'target', 'state', 'created', 'ended' }

local function show_list(_params, jobs, out) out:table(COLUMNS, jobs) end

local function show_job(_params, snapshot, out)
  local entries = {}
  for i, key in ipairs({ 'id', 'kind', 'target', 'title', 'state', 'created', 'ended' }) do
    entries[i] = { key, snapshot[key] }
  end
  out:block(entries)
  if snapshot.state == 'running' then out:line(follow.line(snapshot)) end
  if type(snapshot.error) == 'table' then out:line('error: ' .. snapshot.error.message) end
  if type(snapshot.result) == 'table' then out:value({ result = snapshot.result }) end
end

return rpc.parent():with_about('about.job')
  :subcommand('list', rpc.from_fn(list)
    :with_result(t.array{ of = SNAPSHOT })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_list)
    :with_about('about.job.list')
    :with_call_remote('CliContext'))
  :subcommand('get', rpc.from_fn(get)
    :with_params(id_params())
    :with_result(SNAPSHOT)
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_job)
    :with_about('about.job.get')
    :with_call_remote('CliContext'))
  :subcommand('wait', rpc.from_fn_async(wait)
    :with_params(id_params({
      progress = t.flag{ help = 'help.arg.job-progress' },
      timeout = t.optional(t.duration{ help = 'help.arg.timeout' }),
    }))
    :with_result(SNAPSHOT)
    :with_metadata('read_only', true)
    :with_metadata('deadline', follow.DEADLINE)
    :no_cli())
  :subcommand('wait', rpc.from_fn_async(wait_here)
    :with_params(id_params())
    :with_context('CliContext')
    :with_display_serializable()
    :with_custom_display_fn(show_job)
    :with_about('about.job.wait'))
  :subcommand('cancel', rpc.from_fn(cancel)
    :with_params(id_params())
    :with_result(t.null)
    :with_metadata('audit', true)
    :no_display()
    :with_about('about.job.cancel')
    :with_call_remote('CliContext'))
