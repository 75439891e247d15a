--- Who calls, and whether they may.
---
--- The methods of proof are tried in order, and the first that accepts ends the search: local (peer
--- of a Unix socket, or local cookie), signature, session. When none accepts, a method that needs a
--- caller answers with the last one's refusal; one with `authenticated = false` goes on. A login is
--- not asked for a session, but has to be within the limits.
---
--- What is known then lies in `call.auth`: `by` names the proof, and `owner` tells whether it is
--- that of the owner: root and the daemon's user, whoever reads the local cookie, whoever logged in
--- with the password, and a key that was added as an administrator's. `admin = true` asks for the
--- owner, `local = true` for root or the daemon's user at the Unix socket itself (docs/auth.md).
local cors = require('middleware.cors')
local crypto = require('engine.crypto')
local from_here = require('middleware.auth.local')
local limiter = require('middleware.auth.limiter')
local session = require('middleware.auth.session')
local signature = require('middleware.auth.signature')
local store = require('engine.store')

local METHODS = { from_here, signature, session }

local M = {}

M.name = 'auth'

M.keys = {
  authenticated = { type = 'boolean', default = true },
  admin = { type = 'boolean', default = false },
  ['local'] = { type = 'boolean', default = false },
  login = { type = 'boolean', default = false },
  get_session = { type = 'boolean', default = false },
  get_signer = { type = 'boolean', default = false },
}

---@class middleware.Auth What `call.auth` holds
---@field by 'peer'|'cookie'|'signature'|'session'
---@field owner boolean

-- The session's refusal comes last and says what is needed; why a signature did not count is told
-- beside it.
local function refusal(failures)
  local last = failures[#failures]
  if #failures == 1 then return { error = last } end
  local reasons = {}
  for i = 1, #failures - 1 do
    reasons[i] = failures[i].message
  end
  return { error = { code = last.code, hint = last.hint,
    message = ('%s (%s)'):format(last.message, table.concat(reasons, '; ')) } }
end

local function is_required(metadata)
  return metadata.authenticated or metadata.admin or metadata['local']
end

--- A method is public only if it says so and asks for nothing that has to be proved.
function M.applies(metadata)
  return is_required(metadata) or metadata.login or metadata.get_session or metadata.get_signer
end

--- Whether the caller is root or the daemon's user at the Unix socket.
---@param call table
---@return boolean
function M.is_local(call) return call.auth ~= nil and call.auth.by == 'peer' end

local function refuse(message, hint)
  return { error = { code = 'authorization', message = message, hint = hint } }
end

local function check_rights(auth, metadata)
  if metadata['local'] and auth.by ~= 'peer' then
    return refuse('this method serves root on the host itself only',
      'call it with moon-cli, or over the Unix socket of the daemon')
  end
  if metadata.admin and not auth.owner then
    return refuse('this method serves the owner of the host only',
      'log in with the password, or have the key added with --admin')
  end
end

-- Whoever logs in proves the password, whatever else they could prove, and is counted for it. Not
-- so a foreign page: it could use up the tries of the address.
local function request_login(call)
  local auth = from_here.accept(call)
  if auth then
    call.auth = auth
    return nil
  end
  if not cors.trusts(call) then
    return refuse('pages of this origin may not log in',
      'name the origin in /public/settings/allowedOrigins')
  end
  local allowed, err = limiter.take(call)
  if not allowed then return { error = err } end
end

--- Enough of the name of a session or a key to tell it from others.
local NAME_LENGTH = 12

--- Whose changes these are, for the log of the store.
local function author(call)
  if call.auth.by == 'peer' then return ('uid %d'):format(call.peer.uid) end
  if call.auth.by == 'cookie' then return 'local cookie' end
  if call.auth.by == 'session' then return 'session ' .. call.session.id:sub(1, NAME_LENGTH) end
  return 'key ' .. crypto.blake3(call.signer):sub(1, NAME_LENGTH)
end

function M.request(call, _params, metadata)
  if metadata.login then return request_login(call) end
  local failures = {}
  for _, method in ipairs(METHODS) do
    local auth, err = method.accept(call)
    if auth then
      call.auth = auth
      if not metadata.read_only then store.set_author(author(call)) end
      return check_rights(auth, metadata)
    end
    failures[#failures + 1] = err
  end
  if is_required(metadata) then return refusal(failures) end
end

return M
