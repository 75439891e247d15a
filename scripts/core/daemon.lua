--- `daemon.*`: the daemon seen from outside; works whether it runs or not.
local command = require('core.command')
local control = require('engine.daemon_control')
local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local display = require('lib.display')
local duration = require('lib.duration')
local event = require('engine.event')
local hello = require('lib.rpc.hello')
local job = require('engine.job')
local json = require('engine.json')
local live = require('lib.live')
local log = require('engine.log')
local loop = require('engine.loop')
local names = require('lib.names')
local package_status = require('service.status')
local rpc = require('lib.rpc')
local service_unit = require('core.service_unit')
local store = require('engine.store')
local term = require('engine.term')
local t = rpc.types

local NOT_RUNNING, DEGRADED = 3, 10

local start_params = {
  workers = t.optional(t.integer{ min = 1, max = 64, help = 'help.arg.workers' }),
  logLevel = t.optional(t.enum{ 'trace', 'debug', 'info', 'warn', 'error',
    help = 'help.arg.log-level' }),
  http = t.optional(t.array{ of = t.string, help = 'help.arg.http' }),
  https = t.optional(t.array{ of = t.string, help = 'help.arg.https' }),
  tlsLines = t.optional(t.array{ of = t.string, help = 'help.arg.tls-lines' }),
  scriptMemory = t.optional(t.integer{ min = 16, max = 65536, help = 'help.arg.script-memory' }),
  timeout = t.duration{ default = 15, help = 'help.arg.timeout' },
}

local status_params = {
  watch = t.flag{ short = 'w', help = 'help.arg.watch' },
  interval = t.duration{ default = 1, min = 0.1, max = 3600, help = 'help.arg.interval' },
}

local stop_params = { timeout = t.duration{ default = 35, help = 'help.arg.timeout' } }

--- Options that are passed on to the daemon.
local function arguments(call, params)
  local list = {}
  local function add(name, value)
    if value ~= nil then
      list[#list + 1] = name
      list[#list + 1] = ('%s'):format(value)
    end
  end
  local function add_each(name, values)
    for _, value in ipairs(values or {}) do
      add(name, value)
    end
  end
  add('--workers', params.workers)
  add_each('--http', params.http)
  add_each('--https', params.https)
  add_each('--tls-lines', params.tlsLines)
  add('--log-level', params.logLevel)
  add('--script-memory', params.scriptMemory)
  add('--scripts', call.ctx.globals.scripts)
  return list
end

local function with_instance(call, options)
  local instance = call.ctx.instance
  options.data_dir, options.instance = instance.data_dir, instance.instance
  return options
end

--- The daemon's last words, for a reader; with `--format json` they are in the details.
local function show_boot_log(call, err)
  local lines = type(err.details) == 'table' and err.details.bootLog
  if not lines or #lines == 0 or call.format and call.format ~= 'table' then return end
  term.error('the last lines the daemon wrote:\n')
  for _, line in ipairs(lines) do
    term.error(('  %s\n'):format(line))
  end
end

--- What keeps the daemon from serving more than its diagnostic tree; the exit status says so too.
local function fault_of(call, fault)
  if type(fault) ~= 'table' then return nil end
  call.ctx.exit(DEGRADED)
  local place = type(fault.details) == 'table' and fault.details or fault
  return { kind = fault.kind or fault.code, message = fault.message, hint = fault.hint,
    file = place.file, line = place.line, source = place.source }
end

--- What keeps a daemon from serving that was there before.
local function standing_fault(call)
  local found = control.status(call.ctx.instance)
  return found and found.info and found.info.fault
end

local function launch(call, params)
  local options = arguments(call, params)
  local report, err = control.start(with_instance(call, {
    arguments = options, timeout = params.timeout,
  }))
  if not report then
    show_boot_log(call, err)
    return nil, err
  end
  local paths = control.paths(call.ctx.instance)
  local fault = report.fault
  if report.alreadyRunning then fault = standing_fault(call) end
  return {
    instance = paths.instance, pid = report.pid, socket = paths.socket, data = paths.data,
    alreadyRunning = report.alreadyRunning,
    ignored = report.alreadyRunning and #options > 0 and table.concat(options, ' ') or nil,
    fault = fault_of(call, fault),
  }
end

local function end_daemon(call, params)
  local report, err = control.stop(with_instance(call, { timeout = params.timeout }))
  if not report then return nil, err end
  if report.method == 'SIGKILL' then call.ctx.exit(14) end
  return { instance = call.ctx.instance.instance, wasRunning = report.method ~= 'not running',
    method = report.method, pid = report.pid }
end

local function restart(call, params)
  local stopped, err = end_daemon(call, { timeout = 35 })
  if not stopped then return nil, err end
  local started, failure = launch(call, params)
  if not started then return nil, failure end
  started.wasRunning = stopped.wasRunning
  return started
end

local function look(call)
  local found, err = control.status(call.ctx.instance)
  if not found then return nil, err end
  if found.state == 'stopped' then call.ctx.exit(NOT_RUNNING) end
  if found.state == 'not answering' then call.ctx.exit(DEGRADED) end
  local paths = control.paths(call.ctx.instance)
  local info = found.info or {}
  return {
    state = info.state == 'error' and 'error' or found.state, fault = fault_of(call, info.fault),
    instance = paths.instance, pid = found.pid, socket = paths.socket,
    data = paths.data, version = info.version or found.version, uptime = info.uptime,
    workers = info.workers, log = paths.daemonLog,
  }
end

local function describe(result)
  return ('instance %s, process %s, socket %s'):format(result.instance, result.pid, result.socket)
end

local function show_fault(fault, out)
  out:line(('it cannot serve: %s'):format(fault.message))
  if fault.source and fault.source ~= '' then
    out:line(('  %s:%s'):format(fault.file, display.scalar(fault.line)))
    out:line(('  > %s'):format(fault.source))
  end
  if fault.hint and fault.hint ~= '' then out:hint(fault.hint) end
  out:line(('then: %s script reload, or %s daemon restart'):format(out.program, out.program))
end

local function show_start(_params, result, out)
  if result.fault then
    out:line(('the daemon runs in diagnostic mode: %s'):format(describe(result)))
    return show_fault(result.fault, out)
  end
  local words = result.alreadyRunning and 'the daemon is already running: %s'
    or 'the daemon is running: %s'
  out:line(words:format(describe(result)))
  if result.ignored then
    out:line(('it goes on with the options it was started with; for others: %s daemon restart %s')
      :format(out.program, result.ignored))
  end
end

local HOW = {
  ['not running'] = 'the daemon of instance %s was not running',
  request = 'the daemon of instance %s has stopped',
  SIGTERM = 'the daemon of instance %s did not follow the request; it has stopped after SIGTERM',
  SIGKILL = 'the daemon of instance %s hung; it was ended by SIGKILL',
}

local function show_stop(_params, result, out)
  out:line(HOW[result.method]:format(result.instance))
end

local function show_restart(_params, result, out)
  if not result.wasRunning then out:line('the daemon had not been running') end
  show_start(nil, result, out)
end

local ORDER = {
  'state', 'instance', 'pid', 'version', 'uptime', 'workers', 'socket', 'data', 'log',
}

local function entries_of(result)
  local entries = {}
  for _, key in ipairs(ORDER) do
    local value = result[key]
    if key == 'uptime' and value then value = duration.format(value) end
    if value ~= nil then entries[#entries + 1] = { names.kebab(key), value } end
  end
  return entries
end

local function show_status(_params, result, out)
  if not result then return end
  out:block(entries_of(result))
  if result.fault then show_fault(result.fault, out) end
  if result.state == 'stopped' then
    out:line(('start it with: %s daemon start'):format(out.program))
  elseif result.state == 'not answering' then
    out:line(('end it with: %s daemon stop'):format(out.program))
  end
end

--- What is written where no terminal redraws it: a line for each change but that time passes.
local function line_of(call, result)
  result.uptime = nil
  if call.format and call.format ~= 'table' then return json.encode(result) end
  local parts = {}
  for i, entry in ipairs(entries_of(result)) do
    parts[i] = ('%s=%s'):format(entry[1], display.scalar(entry[2]))
  end
  return table.concat(parts, ' ')
end

--- *async* Until it is interrupted, or nobody reads it.
local function watch(call, params)
  local screen = call.out.tty and call.format == nil and live.on(call.out)
  local last, err
  term.end_with_reader()
  repeat
    local result
    result, err = look(call)
    if not result and term.interrupted() then break end
    if not result then return nil, err end
    local written = true
    if screen then
      written = screen:show(display.block(entries_of(result)))
    else
      local line = line_of(call, result)
      if line ~= last then written = call.out:line(line) end
      last = line
    end
  until not written or not loop.sleep(params.interval)
  call.ctx.exit(nil)
  return nil
end

--- *async*
local function status(call, params)
  if params.watch then return watch(call, params) end
  return look(call)
end

local function ping() return { pong = true, instanceId = daemon.info().instanceId } end

local function shutdown() daemon.shutdown() end

local function count_jobs()
  local counts = { running = 0, ended = 0 }
  for _, each in ipairs(job.list() or {}) do
    local state = each.state == 'running' and 'running' or 'ended'
    counts[state] = counts[state] + 1
  end
  return counts
end

local function count_packages()
  local counts = {}
  for id, each in pairs(store.get('/public/packageData') or {}) do
    counts[id] = package_status.display(each.stateInfo.state, each.statusInfo)
  end
  return counts
end

--- *async*
local function own_status()
  local info, scripts = daemon.info(), daemon.status()
  return {
    state = 'running', version = info.version, instance = info.instance,
    instanceId = info.instanceId, pid = info.pid, uptime = info.uptime, workers = info.workers,
    generation = scripts and scripts.generation, revision = store.head(), jobs = count_jobs(),
    packages = count_packages(), channels = event.counts(), limits = info.limits,
  }
end

local channel = t.object{ open = true, fields = {
  events = t.integer, bytes = t.integer, subscriptions = t.integer, lastSeq = t.integer,
} }

local status_schema = t.object{ open = true, fields = {
  state = t.string, version = t.string, instance = t.string, pid = t.integer, uptime = t.number,
  workers = t.integer, revision = t.integer,
  jobs = t.object{ fields = { running = t.integer, ended = t.integer } },
  packages = t.map{ of = t.string }, channels = t.map{ of = channel },
} }

return rpc.parent():with_about('about.daemon')
  :subcommand('hello', hello.handler({
    daemon = daemon, log = log, tools = { encode = json.encode, hash = crypto.sha256 },
    context = 'RpcContext', knows = function(call) return call.auth ~= nil end,
    features = { 'lines', 'http', 'websocket', 'envelopes', 'events', 'continuations' },
  }):with_metadata('authenticated', false)
    :with_metadata('get_session', true)
    :no_cli()
    :with_about('about.daemon.hello'))
  :subcommand('ping', rpc.from_fn(ping)
    :with_result(t.object{ fields = { pong = t.boolean, instanceId = t.string } })
    :with_metadata('authenticated', false)
    :with_metadata('read_only', true)
    :no_cli())
  :subcommand('shutdown', rpc.from_fn(shutdown)
    :with_result(t.null)
    :with_metadata('admin', true)
    :with_metadata('audit', true)
    :no_cli())
  :subcommand('status', rpc.from_fn_async(own_status)
    :with_result(status_schema)
    :with_context('RpcContext')
    :with_metadata('read_only', true)
    :no_cli())
  :subcommand('start', command(launch, start_params, show_start, 'about.daemon.start')
    :with_examples('daemon start', 'daemon start --https 0.0.0.0:8443 --workers 2'))
  :subcommand('stop', command(end_daemon, stop_params, show_stop, 'about.daemon.stop'))
  :subcommand('restart', command(restart, start_params, show_restart, 'about.daemon.restart'))
  :subcommand('status', command(status, status_params, show_status, 'about.daemon.status')
    :with_examples('daemon status --watch'))
  :subcommand('logs', require('core.logs'))
  :subcommand('install', service_unit.install)
  :subcommand('uninstall', service_unit.uninstall)
