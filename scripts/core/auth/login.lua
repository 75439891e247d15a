--- `moon-cli auth login`: a session for programs that talk HTTP.
local prompt = require('core.auth.prompt')
local rpc = require('lib.rpc')
local t = rpc.types

local function login(call, params)
  local password, err = prompt.password()
  if not password then return nil, err end
  return call.ctx.remote('auth.login', {
    password = password, ephemeral = params.ephemeral, returnToken = true,
  })
end

local function show(_params, result, out) out:line(result.session) end

return rpc.from_fn_async(login)
  :with_params({ ephemeral = t.flag{ help = 'help.arg.ephemeral' } })
  :with_context('CliContext')
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.auth.login')
  :with_examples('auth login --ephemeral')
