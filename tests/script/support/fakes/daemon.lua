--- engine.daemon without a daemon around it.
local M = { reloads = 0, stopped = false, failures = {} }

--- What is spoken is the engine's own affair: here, 1 to 3.
function M.choose_protocol(lowest, highest)
  M.range = { lowest, highest }
  if lowest and lowest > 3 then
    return nil, { code = 'protocol_unsupported', message = 'not spoken here',
      details = { min = 1, max = 3 } }
  end
  return math.min(highest or 1, 3)
end

function M.info()
  return { name = 'moonbox', version = '0.1.0', gitInfo = 'abc123', uid = 1000, uptime = 90,
    hostname = 'box', instance = 'default', instanceId = 'i1', pid = 7, workers = 1,
    generation = M.generation, limits = { nesting = 192 },
    dataDir = M.data_dir or '/nowhere', arch = 'x86_64', kernel = '6.1',
    socket = '/base/daemon/daemon.sock' }
end

function M.methods(context)
  return require('lib.rpc.server').load(require('core'), context).methods
end

function M.status()
  return { generation = 3, loadedAt = '2026-01-01T00:00:00Z', roots = { 'a' },
    failures = M.failures }
end

function M.reload()
  M.reloads = M.reloads + 1
  return { generation = 4, changed = true, methods = {}, durations = {} }
end

function M.rollback()
  return { generation = 5, previous = 4, restored = 3, rolledBackFrom = 4, changed = true,
    methods = {}, durations = {} }
end

function M.files()
  return { { file = 'core/echo.lua', module = 'core.echo', from = 'shipped',
    path = '/s/core/echo.lua', bytes = 3, hash = ('ab'):rep(32) } }
end

function M.shutdown() M.stopped = true end

function M.restart() M.restarted = true end

return M
