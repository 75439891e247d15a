--- `moon-cli auth sign`: the header that signs one HTTP request.
---
---     curl -H "$(moon-cli auth sign --host box '{…}')" -d '{…}' http://box:8080/rpc/v1
local crypto = require('engine.crypto')
local form = require('lib.form')
local keys = require('core.s9pk.keys')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local u64 = require('lib.u64')
local t = rpc.types

local NONCE_BYTES = 6

--- A number nobody can guess, below 2^48 so that Lua holds it exactly.
local function nonce()
  local number = 0
  for byte in crypto.random(NONCE_BYTES):gmatch('.') do
    number = number * 256 + byte:byte()
  end
  return ('%.0f'):format(number)
end

local function sign(_call, params)
  local path, err = keys.for_signing(params.key)
  if not path then return nil, err end
  local public, wrong = crypto.public_key(path)
  if not public then return nil, wrong end
  local fields = { timestamp = ('%.0f'):format(math.floor(loop.time())), nonce = nonce(),
    size = tostring(#params.body), signer = public }
  local digest = crypto.from_hex(crypto.blake3(params.body))
  local signature, failure = crypto.sign(path, params.host, u64.bytes(fields.timestamp)
    .. u64.bytes(fields.nonce) .. u64.bytes(fields.size) .. digest)
  if not signature then return nil, failure end
  fields.blake3, fields.signature = crypto.to_base64(digest, false), signature
  return { name = 'X-StartOS-Auth-Sig', value = form.encode(fields) }
end

local function show(_params, header, out) out:line(('%s: %s'):format(header.name, header.value)) end

return rpc.from_fn_async(sign)
  :with_params({
    body = t.text{ positional = true, stdin = true, help = 'help.arg.sign-body' },
    host = t.string{ max_length = 255, help = 'help.arg.sign-host' },
    key = t.optional(t.path{ help = 'help.arg.sign-key' }),
  })
  :with_context('CliContext')
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.auth.sign')
