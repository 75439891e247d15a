--- The local cookie: a secret in a file that only root and its group can read. Whoever sends it
--- from the host itself is the owner. Made anew when the daemon starts, then kept in memory.
local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local file = require('engine.file')
local log = require('engine.log')
local state = require('engine.state')

local M = {}

local NAME = 'auth.local_cookie'
local BYTES = 32
local MODE = 416  -- 0640

--- The secret; nil until it is made.
---@return string?
function M.current() return state.get(NAME) end

--- Where the secret lies, beside the socket of the instance.
---@return string
function M.path()
  local info = daemon.info()
  local folder, name = info.socket:match('^(.*)/daemon(.-)%.sock$')
  return ('%s/rpc%s.authcookie'):format(folder, name)
end

--- Makes the secret if this run of the daemon has none yet. On the control loop. *async*
---@return true? ok
---@return engine.Error? err
---@async
function M.ensure()
  if M.current() then return true end
  local secret = crypto.to_base64(crypto.random(BYTES), false)
  log.hide(secret)
  local path = M.path()
  local written, err = file.write(path, secret, MODE)
  if not written then return nil, err end
  -- The daemon makes files for itself alone; this one is for its group, too.
  local allowed, failure = file.chmod(path, MODE)
  if not allowed then return nil, failure end
  return state.set(NAME, secret)
end

return M
