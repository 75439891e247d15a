--- Who may call: root and the user the daemon runs as, by the credentials of the socket's peer.
local daemon = require('engine.daemon')

local M = {}

M.name = 'auth'

M.keys = {
  authenticated = { type = 'boolean', default = true },
  admin = { type = 'boolean', default = false },
}

--- A method is public only if it says so and does not ask for an administrator.
function M.applies(metadata) return metadata.authenticated or metadata.admin end

local function refuse(message, hint)
  return { error = { code = 'authorization', message = message, hint = hint } }
end

--- Whether the caller owns the daemon: root, or the user it runs as.
---@param call table
---@return boolean
function M.is_owner(call)
  local peer = call.peer
  if not peer then return false end
  return peer.uid == 0 or peer.uid == (call.ctx.uid or daemon.info().uid)
end

function M.request(call)
  if not call.peer then
    return refuse('this method needs an authenticated caller', 'call it over the Unix socket')
  end
  if M.is_owner(call) then return nil end
  return refuse(('user %d may not call this daemon'):format(call.peer.uid),
    'call as root or as the user the daemon runs as')
end

return M
