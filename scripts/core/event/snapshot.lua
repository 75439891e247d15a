--- What is so now of what events tell the changes of, as events without number and time: running
--- jobs, notifications nobody has seen, the store's revision.
local event = require('engine.event')
local job = require('engine.job')
local json = require('engine.json')
local notifications = require('service.notifications')
local store = require('engine.store')

local M = {}

local function jobs(add)
  for _, each in ipairs(job.list() or {}) do
    if each.state == 'running' then
      add({ type = 'job', target = each.kind, job = each.id,
        package = each.kind:find('^package%.') and each.target or nil, data = each })
    end
  end
end

local function unseen(add)
  for _, each in ipairs(notifications.list(nil, 500) or {}) do
    if not each.seen then add(notifications.as_event(each)) end
  end
end

local function revision(add, filter)
  add({ type = 'store.changed', level = 'debug', target = 'store',
    paths = filter.pathScope and { filter.pathScope } or nil, data = { revision = store.head() } })
end

--- The states a reader with this filter would be told changes of.
---@param filter engine.event.Filter
---@return engine.event.New[]
function M.of(filter)
  local states = json.array({})
  local function add(one)
    one.level = one.level or 'info'
    if event.matches(filter, one) then states[#states + 1] = one end
  end
  jobs(add)
  unseen(add)
  revision(add, filter)
  return states
end

return M
