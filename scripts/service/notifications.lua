--- What people should know of: records in the store, numbered, the newest 500 kept. How many nobody
--- has seen stands in the public part, for user interfaces that follow it.
local event = require('engine.event')
local json = require('engine.json')
local loop = require('engine.loop')
local store = require('engine.store')

local M = {}

M.LEVELS = { 'success', 'info', 'warning', 'error' }

local MOST = 500
local ALL = '/private/notifications'
local RECORDS, NEXT = ALL .. '/records', ALL .. '/next'
local UNSEEN = '/public/serverInfo/unreadNotificationCount'

local EVENT_LEVEL = { success = 'info', info = 'info', warning = 'warn', error = 'error' }

local function at(id) return ('%s/%d'):format(RECORDS, id) end

--- Numbers of all records, ascending.
local function ids(db)
  local list = {}
  for i, key in ipairs(db:keys(RECORDS) or {}) do
    list[i] = tonumber(key)
  end
  table.sort(list)
  return list
end

--- The parents of what is written exist from the first record on.
local function prepare(db)
  if not db:exists(ALL) then
    return db:put(ALL, { next = 1, records = {} })
  end
  return true
end

local function count_unseen(db)
  local unseen = 0
  for _, id in ipairs(ids(db)) do
    if db:get(at(id) .. '/seen') == false then unseen = unseen + 1 end
  end
  return db:put(UNSEEN, unseen)
end

local function drop_oldest(db)
  local list = ids(db)
  for i = 1, #list - MOST do
    local gone, err = db:remove(at(list[i]))
    if not gone then return nil, err end
  end
  return true
end

---@class service.notifications.New
---@field level 'success'|'info'|'warning'|'error'
---@field title string
---@field message string
---@field packageId? string
---@field code? integer What program made it for: 0 general, 1 backup
---@field data? any

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
    local ready, problem = prepare(db)
    if not ready then return nil, problem end
    local number = db:get(NEXT)
    for pointer, value in pairs({ [at(number)] = record, [NEXT] = number + 1 }) do
      local put, failure = db:put(pointer, value)
      if not put then return nil, failure end
    end
    local dropped, wrong = drop_oldest(db)
    if not dropped then return nil, wrong end
    local counted, bad = count_unseen(db)
    if not counted then return nil, bad end
    return number
  end)
  if not id then return nil, err end
  event.publish({ type = 'notification.created', level = EVENT_LEVEL[new.level],
    target = 'notification', package = new.packageId,
    resource = { type = 'notification', id = ('%d'):format(id) },
    data = { title = new.title, message = new.message, level = new.level } })
  return id
end

--- The newest first.
---@param before? integer Only those with smaller numbers
---@param limit integer
---@return table[]? list
---@return table? err
function M.list(before, limit)
  local snapshot, err = store.peek()
  if not snapshot then return nil, err end
  local list, numbers = json.array({}), ids(snapshot)
  for i = #numbers, 1, -1 do
    local id = numbers[i]
    if (not before or id < before) and #list < limit then
      local record = snapshot:get(at(id))
      record.id = id
      list[#list + 1] = record
    end
  end
  snapshot:close()
  return list
end

local function change(edit)
  local done, err = store.mutate(function(db)
    local result, problem = edit(db)
    if result == nil then return nil, problem end
    local counted, failure = count_unseen(db)
    if not counted then return nil, failure end
    return result
  end)
  return done, err
end

local function each(list, act)
  return change(function(db)
    for _, id in ipairs(list) do
      if not db:exists(at(id)) then
        return nil, { code = 'not_found', message = ('there is no notification %d'):format(id),
          hint = 'moon-cli notification list shows what is' }
      end
      local done, err = act(db, id)
      if not done then return nil, err end
    end
    return true
  end)
end

local function each_up_to(last, act)
  return change(function(db)
    for _, id in ipairs(ids(db)) do
      if id <= last then
        local done, err = act(db, id)
        if not done then return nil, err end
      end
    end
    return true
  end)
end

local function remove(db, id) return db:remove(at(id)) end

local function mark(seen)
  return function(db, id) return db:put(at(id) .. '/seen', seen) end
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
