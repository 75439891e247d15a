--- One entry of a daemon set: a task that owns a process, its checks and its restarts.
---
--- The task sleeps until it is told something (`exit`, `requirements`, `health`, `stop`) or the
--- earliest of its times has come; so an idle entry costs nothing but its checks.
local effects_of = require('runtime.effects')
local health = require('runtime.sdk.health')
local journal = require('runtime.journal')
local json = require('engine.json')
local world = require('runtime.world')

---@class runtime.Daemon
---@field id string
---@field kind 'daemon'|'oneshot'|'health'
---@field opts runtime.DaemonOptions
---@field ready boolean
local Daemon = {}
Daemon.__index = Daemon

local M = {}

local UNREADY_INTERVAL = 1
local READY_INTERVAL = 30
local DEFAULT_GRACE = 10
local DEFAULT_STOP = 60
local MAX_BACKOFF = 30
--- A program that ran so long is not in a crash loop.
local STEADY = 60

local SIGTERM_CODE = 143

local function now() return world.loop.now() end

---@param kind string
---@param id string
---@param opts runtime.DaemonOptions
---@return runtime.Daemon
function M.new(kind, id, opts)
  if kind ~= 'health' and not (opts.subcontainer and opts.exec and opts.exec.command) then
    error(("%s '%s' needs a subcontainer and exec = { command = … }"):format(kind, id), 4)
  end
  if kind == 'health' and not (opts.ready and opts.ready.check) then
    error(("health '%s' needs ready = { check = … }"):format(id), 4)
  end
  return setmetatable({ id = id, kind = kind, opts = opts, ready = false, backoff = 0,
    state = 'new' }, Daemon)
end

--- Text that changes when the process would have to be another one.
function Daemon:signature()
  local exec, ready = self.opts.exec or {}, self.opts.ready or {}
  local command = exec.command
  return (json.encode({ kind = self.kind, requires = json.array(self.opts.requires or {}),
    subcontainer = self.opts.subcontainer and self.opts.subcontainer:signature() or nil,
    command = command, env = exec.env, cwd = exec.cwd, user = exec.user,
    as_init = exec.as_init, display = ready.display, grace = ready.grace }))
end

--- Takes over what may change without a restart: the checks.
---@param fresh runtime.Daemon
function Daemon:adopt(fresh)
  self.opts.ready = fresh.opts.ready
  self:tell('health-now')
end

--- Puts an event in the task's queue; never waits.
function Daemon:tell(event, value)
  if self.events then self.events:send({ event = event, value = value }) end
end

--- Tells the host, when something changed. An entry without a name for people is told of from its
--- first failure on.
function Daemon:report(result, message)
  local display = self.opts.ready and self.opts.ready.display or (self.failed and self.id)
  local key = result .. '\n' .. (message or '')
  if self.reported == key then return end
  self.reported, self.health = key, { result = result, message = message }
  if not display then return end
  local _, err = self.effects.set_health({ id = self.id, name = display, result = result,
    message = message or '' })
  if err then world.log.warn('runtime', 'set-health: ' .. tostring(err.message)) end
end

function Daemon:set_ready(ready)
  if self.ready == ready then return end
  self.ready = ready
  self.set:changed()
end

--- Time to come up, not to come up again and again.
local function in_grace(self)
  if self.failed then return false end
  local grace = self.opts.ready and self.opts.ready.grace or DEFAULT_GRACE
  return self.launched_at and now() - self.launched_at < grace
end

function Daemon:on_health(answer)
  self.checking = nil
  if self.state ~= 'running' then return end
  local result = answer.result
  if result == 'failure' and not self.ready and in_grace(self) then result = 'starting' end
  self:report(result, answer.message)
  if result == 'success' then
    self.failed = false
    self:set_ready(true)
  end
  local ready = self.opts.ready or {}
  local calm = result == 'success' or result == 'loading' or result == 'disabled'
  self.check_at = now() + (calm and (ready.interval or READY_INTERVAL) or UNREADY_INTERVAL)
end

function Daemon:begin_check()
  self.check_at = nil
  local check = self.opts.ready and self.opts.ready.check
  if not check then
    return self:on_health({ result = 'success' })
  end
  self.checking = world.loop.spawn(function() self:tell('health', health.ask(check)) end,
    { name = 'check ' .. self.id })
end

local function requirements_met(self)
  local missing = {}
  for _, id in ipairs(self.opts.requires or {}) do
    if not self.set.by_id[id].ready then missing[#missing + 1] = id end
  end
  return #missing == 0, table.concat(missing, ', ')
end

function Daemon:retry(message)
  self:set_ready(false)
  self.state, self.failed = 'backoff', true
  local pause = self.backoff > 0 and ('in %d s'):format(self.backoff) or 'at once'
  journal.write('warn', ('%s; again %s'):format(message, pause), self.id)
  self:report('failure', message)
  self.restart_at = now() + self.backoff
  self.backoff = math.min(self.backoff + 1, MAX_BACKOFF)
end

local function watch(self, process)
  world.loop.spawn(function() self:tell('exit', { process = process, exit = process:wait() }) end,
    { name = 'watch ' .. self.id })
end

function Daemon:launch()
  self.restart_at = nil
  if self.kind ~= 'health' then
    local exec = self.opts.exec
    local process, err = self.opts.subcontainer:spawn(exec.command, { user = exec.user,
      cwd = exec.cwd, env = exec.env, leader = exec.as_init, log = self.id })
    if not process then return self:retry(err.message) end
    self.process = process
    watch(self, process)
  end
  self.state, self.launched_at = 'running', now()
  if self.kind == 'oneshot' then
    self:report('starting')
  else
    self:begin_check()
  end
end

function Daemon:advance()
  if self.state ~= 'waiting' then return end
  local met, missing = requirements_met(self)
  if met then return self:launch() end
  self:report('waiting', 'waiting for ' .. missing)
end

function Daemon:on_exit(value)
  if value.process ~= self.process then return end
  self.process = nil
  if self.stopping then
    self.finished = true
    return
  end
  local exit = value.exit or { code = 255 }
  if self.kind == 'oneshot' and exit.code == 0 then
    self.state = 'done'
    self:report('success')
    return self:set_ready(true)
  end
  if now() - self.launched_at >= STEADY then self.backoff = 0 end
  local clean = exit.code == 0 or exit.code == SIGTERM_CODE
  self:retry(('%s %s'):format(self.id, clean and 'exited'
    or ('crashed (%s %d)'):format(exit.signal and 'signal' or 'code', exit.signal or exit.code)))
end

function Daemon:begin_stop()
  self.stopping, self.check_at, self.restart_at = true, nil, nil
  if not self.process then
    self.finished = true
    return
  end
  local exec = self.opts.exec
  self.process:signal(exec.signal or 'TERM')
  self.kill_at = now() + (exec.stop_timeout or DEFAULT_STOP)
end

local HANDLERS = {
  exit = Daemon.on_exit,
  health = Daemon.on_health,
  requirements = Daemon.advance,
  stop = Daemon.begin_stop,
  ['health-now'] = function(self)
    if self.state == 'running' and not self.checking then self:begin_check() end
  end,
}

local function on_time(self)
  local at = now()
  if self.kill_at and at >= self.kill_at then
    self.kill_at = nil
    self.process:kill()
  elseif self.restart_at and at >= self.restart_at then
    self:launch()
  elseif self.check_at and at >= self.check_at then
    self:begin_check()
  end
end

local function next_time(self)
  local earliest
  for _, at in pairs({ self.kill_at or false, self.restart_at or false, self.check_at or false }) do
    if at and (not earliest or at < earliest) then earliest = at end
  end
  return earliest and math.max(0, earliest - now())
end

local function live(self)
  while not self.finished do
    local event = self.events:receive(next_time(self))
    if event then
      HANDLERS[event.event](self, event.value)
    else
      on_time(self)
    end
  end
  self.state = 'stopped'
end

--- Launches the entry if nothing keeps it waiting, and starts its task. *async*
---@param set runtime.DaemonSet
---@param context runtime.Context
function Daemon:start(set, context)
  self.set, self.effects = set, effects_of.of(context)
  self.events = world.loop.channel()
  self.state = 'waiting'
  if self.opts.subcontainer then
    local made, err = self.opts.subcontainer:ensure()
    if not made then return nil, err end
  end
  self:advance()
  -- Before anybody is told that main is up: who waits for its health must not see none.
  if not self.reported then self:report('starting') end
  self.task = world.loop.spawn(function() live(self) end, { name = 'daemon ' .. self.id })
  return true
end

--- Ends the process and the task. *async*
function Daemon:stop()
  if not self.task or self.state == 'stopped' then return end
  self:tell('stop')
  self.task:join()
  if self.process then self.process:kill() end
end

function Daemon:describe()
  return { kind = self.kind, state = self.state, health = self.health,
    pid = self.process and self.process:pid() or nil }
end

return M
