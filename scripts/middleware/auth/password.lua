--- The master password: its hash lies at `/private/password` in the store.
local crypto = require('engine.crypto')
local store = require('engine.store')

local M = {}

local POINTER = '/private/password'

--- Whether this is the password. *async*
---@param text string
---@return boolean? right
---@return engine.Error? err `uninitialized` when there is none
---@async
function M.verify(text)
  local encoded = store.get(POINTER)
  if type(encoded) ~= 'string' then
    return nil, { code = 'uninitialized', message = 'no password is set on this host',
      hint = 'set it on the host itself: moon-cli auth set-password' }
  end
  return crypto.verify_password(encoded, text)
end

--- Makes this the password. *async*
---@param text string
---@return true? ok
---@return engine.Error? err
---@async
function M.set(text)
  local encoded, err = crypto.hash_password(text)
  if not encoded then return nil, err end
  local done, failure = store.put(POINTER, encoded)
  if not done then return nil, failure end
  return true
end

return M
