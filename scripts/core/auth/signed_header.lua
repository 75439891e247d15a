--- The header that signs one HTTP request.
local crypto = require('engine.crypto')
local form = require('lib.form')
local loop = require('engine.loop')
local sign = require('core.s9pk.signer').sign
local u64 = require('lib.u64')

local M = {}

M.NAME = 'X-StartOS-Auth-Sig'

local NONCE_BYTES = 6

--- A number nobody can guess, below 2^48 so that Lua holds it exactly.
local function nonce()
  local number = 0
  for byte in crypto.random(NONCE_BYTES):gmatch('.') do
    number = number * 256 + byte:byte()
  end
  return ('%.0f'):format(number)
end

--- The value of the header for a body sent to a host. *async*
---@param body string
---@param host string Name of the server, as in the URL, without port
---@param signer core.s9pk.Signer
---@return string? value
---@return engine.Error? err As of `signer.sign`
---@async
function M.value(body, host, signer)
  local fields = { timestamp = ('%.0f'):format(math.floor(loop.time())), nonce = nonce(),
    size = tostring(#body) }
  local digest = crypto.from_hex(crypto.blake3(body))
  local made, err = sign(signer, host, u64.bytes(fields.timestamp)
    .. u64.bytes(fields.nonce) .. u64.bytes(fields.size) .. digest)
  if not made then return nil, err end
  fields.blake3 = crypto.to_base64(digest, false)
  fields.signer, fields.signature = made.publicKey, made.signature
  return form.encode(fields)
end

return M
