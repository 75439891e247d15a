--- Keeps one installed package as its status asks: container up, main started or stopped.
---
--- One task a package, on the control loop. It holds the lease `service:<id>` for its life, so
--- that after a reload the next generation's supervisor begins where this one ended, and the lease
--- `package:<id>` (shared) while it acts, so that install, restore and uninstall have the package
--- to themselves.
local container = require('service.container')
local entry = require('service.entry')
local lease = require('engine.lease')
local log = require('engine.log')
local log_feed = require('service.log_feed')
local loop = require('engine.loop')
local runtime = require('service.runtime')
local status = require('service.status')
local store = require('engine.store')

local Supervisor = {}
Supervisor.__index = Supervisor

local M = {}

--- Seconds between attempts to load a package that fails, by attempt.
local BACKOFF = { 5, 15, 60, 300, 900 }
--- A container that lasted so many seconds did not end because of how it begins.
local STEADY = 60
--- So many that end sooner, one after the other, are made anew at once.
local EXCUSED = 3
--- Seconds after a failed start or stop.
local RETRY = 10

local function now()
  return os.date('!%Y-%m-%dT%H:%M:%SZ')
end

---@param id string
function M.new(id)
  return setmetatable({
    id = id,
    target = 'service.' .. id,
    events = loop.channel(64),
    failures = 0,
    early_ends = 0,
    retired = false,
  }, Supervisor)
end

--- Something happened; look again. Never waits.
function Supervisor:poke(event)
  self.events:send(event or 'poke')
end

--- Ends the task as soon as no transition is under way; the container stays.
function Supervisor:retire()
  self.retired = true
  self:poke('retire')
end

--- Sends changes of the package's entry to the task.
function Supervisor:follow_store()
  self.watch = store.watch(entry.public(self.id))
  self.watcher = loop.spawn(function()
    while self.watch:next() do
      self:poke('store')
    end
  end, { name = 'watch ' .. self.id })
end

local function pause_after(failures)
  return BACKOFF[math.min(failures, #BACKOFF)]
end

--- The container has ended. Who ends it on purpose has the package to itself meanwhile.
function Supervisor:ended()
  self.loaded = false
  local free = lease.try('package:' .. self.id, { shared = true })
  if free then
    free:release()
  end
  local early = free and loop.now() - self.loaded_at < STEADY
  self.early_ends = early and self.early_ends + 1 or 0
  if self.early_ends <= EXCUSED then
    return
  end
  local pause = pause_after(self.early_ends - EXCUSED)
  local message = ('the container ended %d times, each within %d s of its start; next try in %d s')
    :format(self.early_ends, STEADY, pause)
  log.error(self.target, message)
  entry.set_error(self.id, { code = 'lxc', message = message })
  self.retry_at = loop.now() + pause
end

--- Sends the end of the container to the task.
function Supervisor:follow_container()
  if self.guard then
    return
  end
  self.loaded_at = loop.now()
  self.guard = loop.spawn(function()
    container.wait_exit(self.id)
    self.guard = nil
    self:ended()
    self:poke('exited')
  end, { name = 'guard ' .. self.id })
end

--- Adopts the running container, or makes a new one.
function Supervisor:load(current)
  local manifest = entry.manifest(current)
  local answer = container.adopt(self.id, manifest, current.s9pk)
  if answer then
    log.info(self.target, 'adopted the running container', { main = answer.main })
    return entry.update_status(self.id, function(now_status)
      now_status.error = nil
      if answer.main == 'running' then
        return status.started(now_status, now())
      end
      return answer.main == 'stopped' and status.stopped(now_status) or now_status
    end)
  end
  local built, err = container.build(self.id, { manifest = manifest, archive = current.s9pk })
  if not built then
    return nil, err
  end
  return entry.update_status(self.id, status.loaded)
end

--- Seconds until what failed is tried again; nil once the operator has asked for something new.
function Supervisor:cooling(current)
  local left = self.retry_at and current.statusInfo.error and self.retry_at - loop.now()
  return left and left > 0 and left or nil
end

--- Makes sure a container is there. Returns the seconds until the next try when it is not.
function Supervisor:ensure_loaded(current)
  if self.loaded then
    return nil
  end
  local left = self:cooling(current)
  if left then
    return left
  end
  local ok, err = self:load(current)
  if ok then
    self.loaded = true
    self.failures = 0
    self:follow_container()
    return nil
  end
  self.failures = self.failures + 1
  log.error(self.target, 'cannot load the package: ' .. err.message, { kind = err.code })
  entry.set_error(self.id, err)
  local pause = pause_after(self.failures)
  self.retry_at = loop.now() + pause
  return pause
end

local CHANGE = {
  start = function(current)
    return status.started(current, now())
  end,
  stop = status.stopped,
}

--- One RPC `start` or `stop`. A stop asked for while a start is under way goes to the runtime at
--- once, which then abandons the start.
function Supervisor:transition(name)
  local finished = loop.channel(1)
  local stop_sent = name == 'stop'
  loop.spawn(function()
    local _, err = runtime.call(self.id, name)
    finished:send({ err = err })
    self:poke('done')
  end, { name = name .. ' ' .. self.id })
  while true do
    self.events:receive()
    local outcome = finished:receive(0)
    if outcome then
      return outcome.err
    end
    local current = entry.get(self.id)
    if not stop_sent and current and not status.run_intent(current.statusInfo) then
      stop_sent = true
      runtime.call(self.id, 'stop')
    end
  end
end

--- Does what the status asks for next. Returns the seconds until the next look, if any.
function Supervisor:act(current)
  local wait = self:ensure_loaded(current)
  if wait then
    return wait
  end
  current = entry.get(self.id)
  local name = current and status.next_transition(current.statusInfo)
  if not name then
    return nil
  end
  wait = self:cooling(current)
  if wait then
    return wait
  end
  log.info(self.target, name)
  local err = self:transition(name)
  if err then
    if not self.loaded then
      return 0
    end
    log.error(self.target, ('%s failed: %s'):format(name, err.message), { kind = err.code })
    entry.update_status(self.id, function(now_status)
      now_status.error = { kind = err.code, message = err.message, details = err.details }
      return now_status
    end)
    self.retry_at = loop.now() + RETRY
    return RETRY
  end
  self.retry_at = nil
  entry.update_status(self.id, CHANGE[name])
  return 0
end

--- One look at the package. Returns false when it is gone, else the seconds until the next look.
function Supervisor:look()
  local held, err = lease.acquire('package:' .. self.id, { shared = true })
  if not held then
    return false, err
  end
  local current = entry.get(self.id)
  local wait
  if not current then
    wait = false
  elseif current.stateInfo.state == 'installed' then
    wait = self:act(current)
  end
  held:release()
  return wait
end

--- Drops the events that the coming look will see anyway.
function Supervisor:drain()
  local more = true
  while more do
    more = self.events:receive(0)
  end
end

function Supervisor:run()
  local mine = lease.acquire('service:' .. self.id)
  if not mine then
    return
  end
  self:follow_store()
  local feed = log_feed.open(self.id)
  while not self.retired do
    self:drain()
    local wait = self:look()
    if wait == false then
      break
    end
    if not self.retired then
      self.events:receive(wait)
    end
  end
  self.watch:close()
  self.watcher:cancel()
  feed:close()
  if self.guard then
    self.guard:cancel()
  end
  mine:release()
end

return M
