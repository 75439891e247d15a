--- Callers on this host: the peer of a Unix socket, as the kernel tells it, and whoever sends the
--- local cookie from a loopback address.
local connection = require('engine.connection')
local cookie = require('lib.cookie')
local cors = require('middleware.cors')
local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local local_cookie = require('middleware.auth.local_cookie')

local M = {}

local LASTING = { ws = true, wss = true }

local function refuse(message, hint)
  return nil, { code = 'authorization', message = message, hint = hint }
end

-- Told once: it does not change while the daemon runs.
local own_uid

local function is_owner(uid)
  if uid == 0 then return true end
  own_uid = own_uid or daemon.info().uid
  return uid == own_uid
end

local function is_loopback(address)
  return address ~= nil and (address:find('^127%.') or address:find('^%[::1%]')) ~= nil
end

local function accept_peer(peer)
  if is_owner(peer.uid) then return { by = 'peer', owner = true } end
  return refuse(('user %d may not call this daemon'):format(peer.uid),
    'call as root or as the user the daemon runs as')
end

---@param call table
---@return middleware.Auth? auth
---@return engine.Error? err
function M.accept(call)
  if call.peer then return accept_peer(call.peer) end
  local given = call.http and cookie.get(call.http.headers.cookie, 'local')
  if not given then return nil end
  local known = local_cookie.current()
  if known and is_loopback(call.address) and cors.trusts(call) and crypto.equal(given, known) then
    -- The engine lets go of lasting connections of which it is told nothing.
    if LASTING[call.transport] then connection.put(call.connection, 'local', true) end
    return { by = 'cookie', owner = true }
  end
  return refuse('the local cookie is not accepted',
    'send the content of daemon/rpc.authcookie from the host itself')
end

return M
