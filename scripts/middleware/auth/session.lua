--- Callers who have logged in with the password: by the session cookie, or because the connection
--- itself is logged in.
local connection = require('engine.connection')
local cookie = require('lib.cookie')
local cors = require('middleware.cors')
local sessions = require('middleware.auth.sessions')

local M = {}

-- Connections that are themselves logged in, and end with their session.
local LASTING = { ws = true, wss = true, tls = true }

--- The session a call names, proved or not.
local function named(call)
  if LASTING[call.transport] then
    local bound = connection.get(call.connection, 'session')
    if bound then return bound.id end
  end
  local token = call.http and cookie.get(call.http.headers.cookie, 'session')
  return token and cors.trusts(call) and sessions.id_of(token) or nil
end

---@param call table
---@return middleware.Auth? auth
---@return engine.Error? err Absent for callers who cannot have a session: peers of a Unix socket
function M.accept(call)
  if call.peer and not call.http then return nil end
  local id = named(call)
  local record = id and sessions.touch(id)
  if not record then
    return nil, { code = 'authorization', message = 'this method needs an authenticated caller',
      hint = 'log in with auth.login' }
  end
  call.session = { id = id, read = record.read }
  if LASTING[call.transport] then connection.put(call.connection, 'session', { id = id }) end
  return { by = 'session', owner = record.read == nil }
end

return M
