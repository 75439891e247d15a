--- The records of those who are logged in.
---
--- A session is known by its id, which is made of the token by a hash; the token itself is kept
--- nowhere. Records lie in the store at `/private/sessions`, those of ephemeral sessions in memory.
--- When a session is used is noted in memory and written down every few minutes (`flush`).
local connection = require('engine.connection')
local continuation = require('engine.continuation')
local crypto = require('engine.crypto')
local loop = require('engine.loop')
local names = require('lib.names')
local settings = require('middleware.settings')
local state = require('engine.state')
local store = require('engine.store')
local timestamp = require('lib.timestamp')

local M = {}

---@class middleware.Session
---@field loggedIn string RFC 3339
---@field lastActive string
---@field userAgent string?
---@field ephemeral boolean?
---@field read string[]? All of the store it may read lies below one of these

local ROOT = '/private/sessions'
local EPHEMERAL, TOUCHED = 'session.ephemeral.', 'session.touched.'
local TOKEN_BYTES = 16
local ID_LENGTH = 52
-- Beyond them the one that was not used for longest ends with each login.
M.MOST = 500

-- Replaced by tests.
M.now = loop.time

local function base32(bytes) return crypto.to_base32(bytes):lower() end

--- The id that belongs to a token; nil for what cannot be one.
---@param token string
---@return string?
function M.id_of(token)
  if #token ~= 26 or token:find('[^a-z2-7]') then return nil end
  return base32(crypto.from_hex(crypto.sha256(token)))
end

local function pointer(id) return ROOT .. '/' .. id end

-- What a caller names may be anything, a way into a record included.
local function is_id(text) return #text == ID_LENGTH and not text:find('[^a-z2-7]') end

local function stored(id)
  local record = store.get(pointer(id))
  return type(record) == 'table' and record or nil
end

local function last_use(id, record)
  return state.get(TOUCHED .. id) or timestamp.parse(record.lastActive) or 0
end

local function is_idle(id, record, now)
  return now - last_use(id, record) > settings.session_idle()
end

local function write(change)
  local done, err = store.mutate(function(db)
    for _, folder in ipairs({ '/private', ROOT }) do
      if not db:exists(folder) then db:put(folder, {}) end
    end
    return change(db)
  end)
  if done == nil then return nil, err end
  return true
end

local function idlest(all)
  local oldest
  for id, record in pairs(all) do
    if not oldest or record.lastActive < all[oldest].lastActive then oldest = id end
  end
  return oldest
end

local function make_room()
  local all = M.list()
  if #names.sorted_keys(all) < M.MOST then return true end
  return M.kill({ idlest(all) })
end

---@class middleware.NewSession
---@field user_agent string?
---@field ephemeral boolean? Kept in memory: ends with the daemon
---@field read string[]?

--- Begins a session. *async*
---@param options middleware.NewSession
---@return {token: string, id: string}? session
---@return engine.Error? err
---@async
function M.create(options)
  local room, full = make_room()
  if not room then return nil, full end
  local token = base32(crypto.random(TOKEN_BYTES))
  local id, now = M.id_of(token), timestamp.format(M.now())
  local record = { loggedIn = now, lastActive = now, userAgent = options.user_agent,
    read = options.read }
  if options.ephemeral then
    state.set(EPHEMERAL .. id, record)
  else
    local done, err = write(function(db) return db:put(pointer(id), record) end)
    if not done then return nil, err end
  end
  return { token = token, id = id }
end

--- Notes that a session is used; nothing when there is none or it has been idle too long.
---@param id string
---@return middleware.Session?
function M.touch(id)
  local record, now = state.get(EPHEMERAL .. id) or stored(id), M.now()
  if not record or is_idle(id, record, now) then return nil end
  state.set(TOUCHED .. id, now)
  return record
end

--- All sessions by id, with their last use as it is known now.
---@return table<string, middleware.Session>
function M.list()
  local all, now = {}, M.now()
  for id, record in pairs(store.get(ROOT) or {}) do
    all[id] = record
  end
  for _, name in ipairs(state.names(EPHEMERAL)) do
    local record = state.get(name)
    if record then
      record.ephemeral = true
      all[name:sub(#EPHEMERAL + 1)] = record
    end
  end
  for id, record in pairs(all) do
    if is_idle(id, record, now) then
      all[id] = nil
    else
      record.lastActive = timestamp.format(last_use(id, record))
    end
  end
  return all
end

-- Seconds in which a call that ends its own session is answered.
local GRACE = 0.5

local function close_later(id)
  loop.spawn(function()
    loop.sleep(GRACE)
    connection.close(id)
  end, { name = 'logout' })
end

--- Ends the connections that are logged in as one of these sessions, `own` a moment later.
local function close_connections(gone, own)
  for _, one in ipairs(connection.list()) do
    local bound = connection.get(one.id, 'session')
    if bound and gone[bound.id] then
      connection.put(one.id, 'session', nil)
      if one.id == own then
        close_later(one.id)
      else
        connection.close(one.id)
      end
    end
  end
end

local function remove(ids)
  return write(function(db)
    for _, id in ipairs(ids) do
      if is_id(id) and db:exists(pointer(id)) then
        local done, err = db:remove(pointer(id))
        if not done then return nil, err end
      end
    end
    return true
  end)
end

--- Ends sessions, and the connections and streams that live by them. Unknown ids are nothing.
--- *async*
---@param ids string[]
---@param own? integer The connection of the caller: it gets its answer before it ends
---@return true? ok
---@return engine.Error? err
---@async
function M.kill(ids, own)
  local removed, err = remove(ids)
  if not removed then return nil, err end
  local gone = {}
  for _, id in ipairs(ids) do
    state.set(EPHEMERAL .. id, nil)
    state.set(TOUCHED .. id, nil)
    continuation.kill_session(id)
    gone[id] = true
  end
  close_connections(gone, own)
  return true
end

--- Ends all sessions but one. *async*
---@param except string?
---@param own? integer
---@return true? ok
---@return engine.Error? err
---@async
function M.kill_others(except, own)
  local ids = {}
  for _, id in ipairs(names.sorted_keys(M.list())) do
    if id ~= except then ids[#ids + 1] = id end
  end
  return M.kill(ids, own)
end

--- What changed since the last flush: id → time of the last use, and the ids that ended.
local function review(now)
  local used, ended = {}, {}
  for id, record in pairs(store.get(ROOT) or {}) do
    local seen = last_use(id, record)
    if now - seen > settings.session_idle() then
      ended[#ended + 1] = id
    elseif timestamp.format(seen) ~= record.lastActive then
      used[id] = timestamp.format(seen)
    end
  end
  for _, name in ipairs(state.names(EPHEMERAL)) do
    local id, record = name:sub(#EPHEMERAL + 1), state.get(name)
    if record and is_idle(id, record, now) then ended[#ended + 1] = id end
  end
  return used, ended
end

--- Forgets uses of sessions that are no more: a call may note one just while it ends.
local function forget_strays()
  for _, name in ipairs(state.names(TOUCHED)) do
    local id = name:sub(#TOUCHED + 1)
    if not state.get(EPHEMERAL .. id) and not stored(id) then state.set(name, nil) end
  end
end

--- Writes down when sessions were used, and ends those that have been idle too long. *async*
---@return true? ok
---@return engine.Error? err
---@async
function M.flush()
  local used, ended = review(M.now())
  if next(used) then
    local done, err = write(function(db)
      for id, at in pairs(used) do
        if db:exists(pointer(id)) then db:put(pointer(id) .. '/lastActive', at) end
      end
      return true
    end)
    if not done then return nil, err end
  end
  if #ended > 0 then
    local done, err = M.kill(ended)
    if not done then return nil, err end
  end
  forget_strays()
  return true
end

return M
