--- The package in this container: init, main, exit. One per process; the states of the machine are
--- here and nowhere else.
local container = require('engine.container')
local context = require('runtime.context')
local effects = require('runtime.effects')
local journal = require('runtime.journal')
local log = require('engine.log')
local loop = require('engine.loop')
local package_loader = require('runtime.package')
local registry = require('runtime.registry')
local setup = require('runtime.setup')

local M = {}

---@type {phase: 'new'|'ready'|'exiting', package: runtime.Package?, root: runtime.Context}
local state = { phase = 'new', root = context.new('root') }
local main = { state = 'stopped' }

local NOT_INITIALISED = { code = 'not_initialised', message = 'the package is not initialised',
  hint = 'call init first' }
local EXITING = { code = 'cancelled', message = 'the runtime is shutting down' }

--- Refuses what needs an initialised package.
---@return true? ready
---@return engine.Error? err
function M.ready()
  if state.phase == 'exiting' then return nil, EXITING end
  if state.phase ~= 'ready' then return nil, NOT_INITIALISED end
  return true
end

function M.package() return state.package end
function M.root() return state.root end

--- Runs `fn` in a task of its own and gives its results; an error it raises is `nil, err` with the
--- traceback. Cancelling the caller does not cancel it.
local function apart(name, fn)
  local task = loop.spawn(fn, { name = name })
  return task, function() return task:join() end
end

local function run_init(kind, event_id)
  local loaded, err = package_loader.load()
  if not loaded then return nil, err end
  local scope = state.root:child('init', event_id)
  local done, problem = setup.init(loaded.exports, effects.of(scope), kind)
  if not done then
    scope:leave()
    return nil, problem
  end
  state.package, state.phase = loaded, 'ready'
  return true
end

--- Initialises the package; a second call while one is under way shares its outcome. *async*
---@param kind 'install'|'update'|'restore'|nil
---@param event_id string
function M.init(kind, event_id)
  if state.phase == 'exiting' then return nil, EXITING end
  if state.phase == 'ready' then return nil end
  local task = state.init
  if not task then
    task = apart('init', function() return run_init(kind, event_id) end)
    state.init = task
  end
  local _, err = task:join()
  if state.init == task then
    state.init = nil
    if err then journal.failure('init', err) end
  end
  return nil, err
end

local function leave_main()
  local scope = main.context
  main.context, main.set = nil, nil
  if scope then scope:leave() end
end

local function run_main()
  local exports = state.package.exports
  if not exports.main then return true end
  local set, err = exports.main({ effects = effects.of(main.context) })
  if err then return nil, err end
  if set == nil then return true end
  if type(set) ~= 'table' or type(set.start) ~= 'function' then
    return nil, { code = 'script', message = 'main must return a daemon set: sdk.daemons()' }
  end
  main.set = set
  return set:start(main.context)
end

local function start_task()
  return apart('start', function()
    local begun = loop.spawn(run_main, { name = 'main' })
    main.inner = begun
    local ok, err = begun:join()
    main.inner = nil
    if not ok and main.state == 'starting' then journal.failure('main', err) end
    if ok and main.state == 'starting' then
      main.state = 'running'
      return true
    end
    leave_main()
    if main.state == 'starting' then main.state = 'stopped' end
    return nil, err or { code = 'cancelled', message = 'main was stopped while it started' }
  end)
end

--- Runs main if it does not run. Answers when the daemons are launched. *async*
function M.start()
  while main.state == 'stopping' do
    main.stopping:join()
  end
  if main.state == 'running' then return nil end
  if main.state == 'stopped' then
    main.state = 'starting'
    main.context = state.root:child('main')
    main.starting = start_task()
  end
  local _, err = main.starting:join()
  return nil, err
end

local function stop_task()
  local starting = main.state == 'starting' and main.starting
  return apart('stop', function()
    if starting then
      if main.inner then main.inner:cancel() end
      starting:join()
    end
    leave_main()
    main.state = 'stopped'
    return true
  end)
end

--- Stops main, a start under way too. Answers when every process is gone. *async*
function M.stop()
  if main.state == 'stopped' then return nil end
  if main.state ~= 'stopping' then
    main.stopping = stop_task()
    main.state = 'stopping'
  end
  local _, err = main.stopping:join()
  return nil, err
end

--- Stops main, runs uninit and ends the process. A failed uninit leaves it running. *async*
---@param target string? version or range the data should fit; nil: uninstall
---@param event_id string
function M.exit(target, event_id)
  if state.phase ~= 'ready' then return nil end
  state.phase = 'exiting'
  M.stop()
  registry.drain(30)
  local scope = context.new('exit', state.root, event_id)
  local uninit = state.package.exports.uninit
  if uninit then
    local _, join = apart('uninit', function()
      local _, err = uninit({ effects = effects.of(scope), target = target })
      if err then return nil, err end
      return true
    end)
    local done, err = join()
    if not done then
      journal.failure('uninit', err)
      state.phase = 'ready'
      return nil, err
    end
  end
  scope:leave()
  state.root:leave()
  container.exit(0)
  return nil
end

--- The orderly end on SIGTERM: main is stopped, nothing else is run. *async*
function M.shutdown()
  log.info('stopping the service')
  state.phase = 'exiting'
  M.stop()
  state.root:leave()
end

local function swap(loaded)
  local scope = state.root:child('init')
  local done, err = setup.init(loaded.exports, effects.of(scope), nil)
  if not done then return nil, err end
  state.package = loaded
  return true
end

local function reconcile_main()
  if main.state ~= 'running' or not main.set then return true end
  local exports = state.package.exports
  local fresh, err = exports.main({ effects = effects.of(main.context) })
  if not fresh then return nil, err end
  return main.set:become(fresh)
end

--- Loads the package's code anew. Soft: what main runs and has not changed runs on. *async*
---@param mode 'soft'|'hard'
function M.reload(mode)
  local ready, not_ready = M.ready()
  if not ready then return nil, not_ready end
  local loaded, err = package_loader.load()
  if not loaded then return nil, err end
  local _, join = apart('reload', function()
    local was_running = main.state == 'running'
    if mode == 'hard' then M.stop() end
    local done, problem = swap(loaded)
    if not done then return nil, problem end
    if mode ~= 'hard' then return reconcile_main() end
    if not was_running then return true end
    local _, start_err = M.start()
    if start_err then return nil, start_err end
    return true
  end)
  local _, problem = join()
  return nil, problem
end

---@return table
function M.status()
  return {
    initialised = state.phase == 'ready',
    main = main.state,
    procedures = registry.list(),
    packageHash = state.package and state.package.tree:fingerprint() or nil,
  }
end

--- The running daemon set, if any.
function M.daemons() return main.set end

return M
