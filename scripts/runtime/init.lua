--- The methods of service.sock.
local rpc = require('lib.rpc')
local callback = require('runtime.callback')
local eval = require('runtime.eval')
local execute = require('runtime.execute')
local registry = require('runtime.registry')
local sandbox = require('runtime.sandbox')
local system = require('runtime.system')

local t = rpc.types

--- Procedures end by themselves or by their own `timeout`: ten years stand for "no limit".
local FOREVER = 10 * 365 * 86400

local function present(value)
  if value == nil or type(value) == 'userdata' then return nil end
  return value
end

local function init(_call, params) return system.init(present(params.kind), params.id) end

local function exit(_call, params) return system.exit(present(params.target), params.id) end

local function start(_call)
  local ready, err = system.ready()
  if not ready then return nil, err end
  return system.start()
end

local function stop(_call)
  local ready, err = system.ready()
  if not ready then return nil, err end
  return system.stop()
end

local function run(fn)
  return function(_call, params)
    return fn({ id = params.id, procedure = params.procedure, input = present(params.input),
      timeout = present(params.timeout) })
  end
end

local function run_eval(_call, params)
  return eval.eval({ script = params.script, event = present(params.event),
    timeout = present(params.timeout), session = present(params.session) })
end

local function complete(_call, params) return eval.complete(params) end

local function run_callback(_call, params)
  return callback.callback({ id = params.id, args = params.args or {} })
end

local function cancel(_call, params) return { cancelled = registry.cancel(params.id) } end

local function status(_call) return system.status() end

local function reload(_call, params) return system.reload(params.mode) end

local PROCEDURE = {
  id = t.string,
  procedure = t.string,
  input = t.any{ optional = true },
  timeout = t.number{ optional = true, nullable = true, min = 0 },
}

local function method(fn, params)
  local handler = rpc.from_fn_async(fn)
  if params then handler = handler:with_params(params) end
  return handler:with_metadata('deadline', FOREVER):no_cli()
end

return rpc.parent()
  :with_context('RuntimeContext')
  :subcommand('init', method(init, {
    id = t.string,
    kind = t.enum{ 'install', 'update', 'restore', optional = true, nullable = true },
  }))
  :subcommand('exit', method(exit, {
    id = t.string,
    target = t.string{ optional = true, nullable = true },
  }))
  :subcommand('start', method(start))
  :subcommand('stop', method(stop))
  :subcommand('execute', method(run(execute.execute), PROCEDURE))
  :subcommand('sandbox', method(run(sandbox.sandbox), PROCEDURE))
  :subcommand('callback', method(run_callback, {
    id = t.integer,
    args = t.array{ optional = true },
  }))
  :subcommand('eval', method(run_eval, {
    script = t.text,
    event = t.string{ optional = true, nullable = true },
    timeout = t.number{ optional = true, nullable = true, min = 0 },
    session = t.string{ optional = true, nullable = true, max_length = 64 },
  }))
  :subcommand('complete', method(complete, {
    line = t.string{ max_length = 4096 },
    session = t.string{ max_length = 64 },
  }))
  :subcommand('cancel', method(cancel, { id = t.string }))
  :subcommand('status', method(status))
  :subcommand('reload', method(reload, {
    id = t.string{ optional = true },
    mode = t.enum{ 'soft', 'hard', default = 'soft' },
  }))
