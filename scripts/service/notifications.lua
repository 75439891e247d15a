--- What people should know of: records in the store, numbered, the newest 500 kept. How many nobody
--- has seen stands in the public part, for user interfaces that follow it.
local event = require('engine.event')
local json = require('engine.json')
local loop = require('engine.loop')
local store = require('store')

local M = {}

M.LEVELS = { 'success', 'info', 'warning', 'error' }

local MOST = 500
local EVENT_LEVEL = { success = 'info', info = 'info', warning = 'warn', error = 'error' }

--- Numbers of all records, ascending.
local function ids(records)
  local list = {}
  for i, key in ipairs(records:keys()) do
    list[i] = tonumber(key)
  end
  table.sort(list)
  return list
end

local function count_unseen(db)
  local unseen = 0
  for _, record in db.private.notifications.records:entries() do
    if not record.seen:de() then unseen = unseen + 1 end
  end
  db.public.serverInfo.unreadNotificationCount:ser(unseen)
end

local function drop_oldest(records)
  local list = ids(records)
  for i = 1, #list - MOST do
    records:remove(list[i])
  end
end

---@class service.notifications.New
---@field level 'success'|'info'|'warning'|'error'
---@field title string
---@field message string
---@field packageId? string
---@field code? integer What program made it for: 0 general, 1 backup
---@field data? any

--- What tells of a notification.
---@param record table As stored, with its `id`
---@return engine.event.New
function M.as_event(record)
  return { type = 'notification.created', level = EVENT_LEVEL[record.level],
    target = 'notification', resource = { type = 'notification', id = ('%d'):format(record.id) },
    package = type(record.packageId) == 'string' and record.packageId or nil,
    data = { title = record.title, message = record.message, level = record.level } }
end

--- *async*
---@param new service.notifications.New
---@return integer? id
---@return table? err
---@async
function M.create(new)
  local record = { createdAt = os.date('!%Y-%m-%dT%H:%M:%SZ', loop.time()), level = new.level,
    title = new.title, message = new.message, code = new.code or 0, seen = false,
    packageId = new.packageId or json.null, data = new.data == nil and json.null or new.data }
  local id, err = store.mutate(function(db)
    local all = db.private.notifications
    local number = all.next:exists() and all.next:de() or 1
    all.records:insert(number, record)
    all.next:ser(number + 1)
    drop_oldest(all.records)
    count_unseen(db)
    return number
  end)
  if not id then return nil, err end
  record.id = id
  event.publish(M.as_event(record))
  return id
end

--- The newest first.
---@param before? integer Only those with smaller numbers
---@param limit integer
---@return table[] list
function M.list(before, limit)
  return store.peek(function(db)
    local records = db.private.notifications.records
    local list, numbers = json.array({}), ids(records)
    for i = #numbers, 1, -1 do
      local id = numbers[i]
      if (not before or id < before) and #list < limit then
        local record = records:as_idx(id):de()
        record.id = id
        list[#list + 1] = record
      end
    end
    return list
  end)
end

--- Runs `edit` on the records and counts again what nobody has seen.
local function change(edit)
  return store.mutate(function(db)
    local done, err = edit(db.private.notifications.records)
    if not done then return nil, err end
    count_unseen(db)
    return true
  end)
end

local function each(list, act)
  return change(function(records)
    for _, id in ipairs(list) do
      if not records:contains_key(id) then
        return nil, { code = 'not_found', message = ('there is no notification %d'):format(id),
          hint = 'moon-cli notification list shows what is' }
      end
      act(records, id)
    end
    return true
  end)
end

local function each_up_to(last, act)
  return change(function(records)
    for _, id in ipairs(ids(records)) do
      if id <= last then act(records, id) end
    end
    return true
  end)
end

local function remove(records, id) records:remove(id) end

local function mark(seen)
  return function(records, id) records:as_idx(id).seen:ser(seen) end
end

--- *async* All or none. ERRORS: `not_found`.
function M.remove(list) return each(list, remove) end

--- *async* Those with numbers below `before`.
function M.remove_before(before) return each_up_to(before - 1, remove) end

--- *async*
function M.mark(list, seen) return each(list, mark(seen)) end

--- *async* Those with numbers up to `last`.
function M.mark_seen_before(last) return each_up_to(last, mark(true)) end

return M
