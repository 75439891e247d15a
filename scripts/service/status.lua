--- Run status of a package: what should run (`desired`) and what does (`started`).
---
--- Pure functions from one `statusInfo` to the next; nothing here does anything. Transition table:
--- service runtime reference, section 1.2.
---@class service.Status
---@field desired service.Desired
---@field started string? instant at which `main` came up; absent while it is down
---@field health table<string, table> last result of each health check
---@field error table? {kind, message, details?} of the last failed load, start or stop

---@class service.Desired
---@field main 'stopped'|'running'|'restarting'|'backing-up'
---@field restartAgain boolean? one more cycle was asked for while this one was still starting
---@field onComplete ('start'|'stop')? what a backup returns to

local with = require('lib.copy').merged

local M = {}

local function desire(status, desired)
  return with(status, { desired = desired })
end

--- A package that has just been installed.
---@return service.Status
function M.new()
  return { desired = { main = 'stopped' }, health = {} }
end

--- Whether the operator wants it up once nothing else is in the way.
---@param status service.Status
---@return boolean
function M.run_intent(status)
  local desired = status.desired
  return desired.main == 'running'
    or desired.main == 'restarting'
    or (desired.main == 'backing-up' and desired.onComplete == 'start')
end

--- Whoever asks for something wants it tried at once, and the last failure is answered by that.
local function asked(status)
  local next_status = with(status, {})
  next_status.error = nil
  return next_status
end

function M.start(status)
  local main = status.desired.main
  status = asked(status)
  if main == 'stopped' then
    return desire(status, { main = 'running' })
  elseif main == 'backing-up' then
    return desire(status, { main = 'backing-up', onComplete = 'start' })
  end
  return status
end

function M.stop(status)
  status = asked(status)
  if status.desired.main == 'backing-up' then
    return with(status, { desired = { main = 'backing-up', onComplete = 'stop' }, health = {} })
  end
  return with(status, { desired = { main = 'stopped' }, health = {} })
end

function M.restart(status)
  local main = status.desired.main
  status = asked(status)
  if main == 'running' then
    return with(status, { desired = { main = 'restarting' }, health = {} })
  elseif main == 'restarting' and not status.started then
    return with(status, { desired = { main = 'restarting', restartAgain = true }, health = {} })
  end
  return status
end

function M.backing_up(status)
  local intent = M.run_intent(status) and 'start' or 'stop'
  return desire(status, { main = 'backing-up', onComplete = intent })
end

--- A backup has ended, well or badly: back to what the operator wants.
function M.backed_up(status)
  if status.desired.main ~= 'backing-up' then
    return status
  end
  return desire(status, { main = M.run_intent(status) and 'running' or 'stopped' })
end

--- `main` is up.
---@param status service.Status
---@param now string
function M.started(status, now)
  local next_status = with(status, { started = status.started or now })
  next_status.error = nil
  if status.desired.main == 'restarting' then
    local again = status.desired.restartAgain
    next_status.desired = again and { main = 'restarting' } or { main = 'running' }
  end
  return next_status
end

--- `main` is down.
function M.stopped(status)
  local next_status = with(status, { health = {} })
  next_status.started = nil
  return next_status
end

--- The container is new: nothing runs in it, and what was interrupted resolves to its run intent.
function M.loaded(status)
  local next_status = M.stopped(status)
  local main = status.desired.main
  if main == 'backing-up' or main == 'restarting' then
    next_status.desired = { main = M.run_intent(status) and 'running' or 'stopped' }
  end
  next_status.error = nil
  return next_status
end

--- What the supervisor should do next, by section 1.3.
---@param status service.Status
---@return 'start'|'stop'|nil transition
function M.next_transition(status)
  local main = status.desired.main
  if not status.started then
    return (main == 'running' or main == 'restarting') and 'start' or nil
  end
  return main ~= 'running' and 'stop' or nil
end

local function any_health(status, wanted)
  for _, result in pairs(status.health or {}) do
    if wanted[result.result] then
      return true
    end
  end
  return false
end

--- The one word a person sees.
---@param state string package state: installed, installing, …
---@param status service.Status
---@return string
function M.display(state, status)
  if state ~= 'installed' then
    return state
  elseif status.error then
    return 'error'
  end
  local main = status.desired.main
  if main == 'running' then
    local waiting = not status.started or any_health(status, { starting = true, waiting = true })
    return waiting and 'starting' or 'running'
  elseif main == 'stopped' then
    return status.started and 'stopping' or 'stopped'
  end
  return main
end

--- All checks in one word; nil while it is not meant to run.
---@param status service.Status
---@return 'failure'|'starting'|'loading'|'success'|nil
function M.aggregate_health(status)
  if not M.run_intent(status) then
    return nil
  end
  if status.error then
    return 'failure'
  end
  for _, result in ipairs({ 'failure', 'starting', 'loading' }) do
    if any_health(status, { [result] = true }) then
      return result
    end
  end
  return 'success'
end

return M
