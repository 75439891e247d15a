--- `moon-cli auth sign`: the header that signs one HTTP request.
---
---     curl -H "$(moon-cli auth sign --host box '{…}')" -d '{…}' http://box:8080/rpc/v1
local keys = require('core.s9pk.keys')
local rpc = require('lib.rpc')
local signed_header = require('core.auth.signed_header')
local t = rpc.types

local function sign(_call, params)
  local path, err = keys.for_signing(params.key)
  if not path then return nil, err end
  local value, wrong = signed_header.value(params.body, params.host, path)
  if not value then return nil, wrong end
  return { name = signed_header.NAME, value = value }
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
