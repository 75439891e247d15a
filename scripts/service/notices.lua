--- Makes notifications of what happened while nobody looked: how jobs ended, scripts that were
--- refused. Runs on the control loop with each generation.
local event = require('engine.event')
local log = require('engine.log')
local notifications = require('service.notifications')

local M = {}

--- Kinds of jobs people wait for, and the code of their notifications.
local CODES = { ['package.sideload'] = 0, ['package.uninstall'] = 0, ['package.rebuild'] = 0,
  ['package.backup.restore'] = 1, ['backup.create'] = 1 }

local OUTCOME = { succeeded = 'success', failed = 'error', cancelled = 'warning' }

local function of_job(job)
  local level, code = OUTCOME[job.state], CODES[job.kind]
  if not level or not code then return nil end
  local err = type(job.error) == 'table' and job.error or {}
  return { level = level, title = ('%s: %s'):format(job.title or job.kind, job.state),
    message = err.message or '', packageId = job.kind:find('^package%.') and job.target or nil,
    code = code, data = { job = job.id } }
end

local function of_refusal(told)
  local err = type(told.error) == 'table' and told.error or {}
  return { level = 'error', title = 'Scripts were refused; those before are still in force',
    message = err.message or '', data = err }
end

--- The notification an event asks for, if any.
---@param each engine.event.Event
---@return service.notifications.New?
function M.of(each)
  if type(each.data) ~= 'table' then return nil end
  if each.type == 'job' then return of_job(each.data) end
  return of_refusal(each.data)
end

--- *async* Until the listener is closed.
---@param listener engine.event.Listener
---@async
function M.run(listener)
  local refusal
  while true do
    local each = listener:next()
    if not each then return end
    local new = M.of(each)
    if new then
      local id, err = notifications.create(new)
      if not id then log.warn('notification', err.message) end
      -- Who saves a broken file ten times wants to know of the last; a good one ends this listener.
      if each.type == 'script.refused' then
        if refusal and id then notifications.remove({ refusal }) end
        refusal = id or refusal
      end
    end
  end
end

---@return engine.event.Listener? listener
---@return table? err
function M.listen() return event.listen({ type = { 'job', 'script.refused' } }) end

return M
