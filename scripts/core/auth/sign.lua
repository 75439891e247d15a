--- `moon-cli auth sign`: the header that signs one HTTP request.
---
---     curl -H "$(moon-cli auth sign --host box '{…}')" -d '{…}' http://box:8080/rpc/v1
local rpc = require('lib.rpc')
local signed_header = require('core.auth.signed_header')
local signer = require('core.s9pk.signer')
local t = rpc.types

local function sign(_call, params)
  local who, err = signer.choose(params)
  if not who then return nil, err end
  local value, wrong = signed_header.value(params.body, params.host, who)
  if not value then return nil, wrong end
  return { name = signed_header.NAME, value = value }
end

local function show(_params, header, out) out:line(('%s: %s'):format(header.name, header.value)) end

return rpc.from_fn_async(sign)
  :with_params({
    body = t.text{ positional = true, stdin = true, help = 'help.arg.sign-body' },
    host = t.string{ max_length = 255, help = 'help.arg.sign-host' },
    key = signer.PARAMS.key,
    signCommand = signer.PARAMS.signCommand,
    signTimeout = signer.PARAMS.signTimeout,
  })
  :with_context('CliContext')
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.auth.sign')
