--- Callers who sign their requests: header `X-StartOS-Auth-Sig` (or `X-Moonbox-Auth-Sig`), an
--- Ed25519ph signature over time, nonce, size and BLAKE3 of the body, with a name of this host as
--- the context. A signature holds for 30 s around its time, and for one request.
local connection = require('engine.connection')
local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local form = require('lib.form')
local keys = require('middleware.auth.keys')
local loop = require('engine.loop')
local settings = require('middleware.settings')
local state = require('engine.state')
local u64 = require('lib.u64')

local M = {}

-- Seconds the clocks of client and host may differ.
M.TOLERANCE = 30
-- Nonces kept at once; no more requests than that are accepted within 60 s.
M.MOST_NONCES = 100000

-- The newest time an accepted signature bore: a mark, which outlives the daemon.
local NEWEST = 'auth.signed'

-- Replaced by tests.
M.now = loop.time

local function started() return math.floor(daemon.info().startedAt or 0) end

local FIELDS = { 'timestamp', 'nonce', 'size', 'blake3', 'signer', 'signature' }

local function refuse(code, message, hint)
  return nil, { code = code, message = message, hint = hint }
end

local function header_of(call)
  local headers = call.http and call.http.headers
  return headers and (headers['x-startos-auth-sig'] or headers['x-moonbox-auth-sig'])
end

---@class middleware.Signed A header, taken apart; nothing in it is proved yet
---@field timestamp number
---@field nonce string Decimal, without zeros in front
---@field size number
---@field digest string 32 bytes
---@field signer string PEM, canonical
---@field signature string PEM
---@field message string What is signed

--- Takes a header apart.
---@param header string
---@return middleware.Signed? signed
---@return engine.Error? err
function M.parse(header)
  local pairs_of = form.decode(header) or {}
  for _, name in ipairs(FIELDS) do
    if not pairs_of[name] then
      return refuse('invalid_signature', ('the signature header lacks %s'):format(name))
    end
  end
  local time, nonce = u64.bytes(pairs_of.timestamp), u64.bytes(pairs_of.nonce)
  local size, digest = u64.bytes(pairs_of.size), crypto.from_base64(pairs_of.blake3)
  if not (time and nonce and size and digest and #digest == 32) then
    return refuse('invalid_signature', 'the signature header holds no such numbers or hash')
  end
  local signer, wrong = crypto.canonical_key(pairs_of.signer)
  if not signer then return nil, wrong end
  return {
    -- One number has many texts, and all of them are signed alike: `7` and `007` are one nonce.
    timestamp = tonumber(pairs_of.timestamp), nonce = pairs_of.nonce:match('^0*(%d+)$'),
    size = tonumber(pairs_of.size), digest = digest, signer = signer,
    signature = pairs_of.signature, message = time .. nonce .. size .. digest,
  }
end

--- The names a signature may be meant for.
local function contexts()
  local own = daemon.info().hostname
  local names = { own, own and own .. '.local' }
  for _, name in ipairs(settings.hostnames()) do
    names[#names + 1] = name
  end
  return names
end

--- Up to which time earlier runs of the daemon may have taken signatures. Their nonces are not
--- known any more. A data directory from a backup may know less than the clock. Replaced by tests.
function M.taken_before()
  local mark, err = state.mark(NEWEST)
  if not mark then return nil, err end
  return math.max(mark, started() - 1)
end

local function check_time(signed)
  if math.abs(M.now() - signed.timestamp) > M.TOLERANCE then
    return refuse('invalid_signature', 'the signature is too old, or of a time to come',
      'compare the clocks of client and host')
  end
  local before, err = M.taken_before()
  if not before then return nil, err end
  if signed.timestamp > before then return true end
  return refuse('invalid_signature', 'the signature may have been used before the daemon began',
    'sign the request anew')
end

--- Before a signature counts, its time is on the disk: the next run takes none up to there. One
--- write a second at the most.
local function note_time(signed) return state.raise(NEWEST, signed.timestamp) end

local function check_body(signed, http)
  if signed.size == http.body_size and signed.digest == crypto.from_hex(http.body_blake3 or '') then
    return true
  end
  return refuse('invalid_signature', 'the signature belongs to another body')
end

local function check_context(signed)
  local list = contexts()
  for _, name in ipairs(list) do
    if crypto.verify(signed.signer, name, signed.message, signed.signature) then return true end
  end
  return refuse('authorization', 'no valid signature context',
    ('sign for one of: %s'):format(table.concat(list, ', ')))
end

--- The calls of one batch come with one signature; only another request repeats it.
local function check_nonce(signed, http)
  local new, full = state.once('auth.nonces', keys.id_of(signed.signer) .. ' ' .. signed.nonce,
    2 * M.TOLERANCE, M.MOST_NONCES, http.id and tostring(http.id))
  if new then return true end
  if full then return nil, full end
  return refuse('authorization', 'the signature was used already', 'sign each request anew')
end

--- A key that is accepted, or the reason why not. Keys of strangers cost no signature check.
local function find_key(signer)
  local entry = keys.find(signer)
  if entry then return entry end
  return refuse('incorrect_password', 'the key of the signature is not known here',
    'have it added: moon-cli auth key add')
end

local function prove(call, header)
  local signed, err = M.parse(header)
  if not signed then return nil, err end
  local entry, unknown = find_key(signed.signer)
  if not entry then return nil, unknown end
  for _, check in ipairs({ check_time, check_body, check_context, check_nonce, note_time }) do
    local fine, problem = check(signed, call.http)
    if not fine then return nil, problem end
  end
  return entry
end

--- A WebSocket is opened with one signature and holds it until the key is removed.
local function bound_key(call)
  if call.transport ~= 'ws' and call.transport ~= 'wss' then return nil end
  local bound = connection.get(call.connection, 'signer')
  return bound and keys.find(bound.key)
end

---@param call table
---@return middleware.Auth? auth
---@return engine.Error? err Absent when the request is not signed
function M.accept(call)
  local header = header_of(call)
  if not header then return nil end
  local entry = bound_key(call)
  if not entry then
    local proved, err = prove(call, header)
    if not proved then return nil, err end
    entry = proved
    if call.transport == 'ws' or call.transport == 'wss' then
      connection.put(call.connection, 'signer', { key = entry.key })
    end
  end
  call.signer = entry.key
  return { by = 'signature', owner = entry.admin == true }
end

return M
