--- Gives the client the session that a call has begun, or takes the one away that it has ended.
---
--- Over HTTP the session is a cookie. A line over TLS or a WebSocket, which has no way to send one,
--- is logged in itself, until it ends.
local connection = require('engine.connection')
local cookie = require('lib.cookie')

local M = {}

M.name = 'session_cookie'

M.keys = {}

function M.applies(metadata) return metadata.login or metadata.get_session end

local function add_cookie(call, value, max_age)
  call.response = call.response or {}
  call.response.headers = call.response.headers or {}
  table.insert(call.response.headers, { 'Set-Cookie',
    cookie.set('session', value, { max_age = max_age, secure = call.http.secure }) })
end

local function is_request(call) return call.transport == 'http' or call.transport == 'https' end

local function begin(call, session)
  if is_request(call) then
    add_cookie(call, session.token, session.max_age)
  elseif call.connection then
    connection.put(call.connection, 'session', { id = session.id })
  end
end

--- `call.new_session` {token, id, max_age?} and `call.ended_session` are written by handlers. A
--- caller who needs no session is not given one.
function M.response(call, response, metadata)
  if response.error ~= nil then return end
  if metadata.login and call.new_session and not call.auth then begin(call, call.new_session) end
  if call.ended_session and call.http and is_request(call) then add_cookie(call, '', 0) end
end

return M
