--- `moon-cli auth set-password`: the owner of the host needs no old password.
local prompt = require('core.auth.prompt')
local rpc = require('lib.rpc')

local function set_password(call)
  local password, err = prompt.new_password()
  if not password then return nil, err end
  local _, failure = call.ctx.remote('auth.reset-password', { newPassword = password })
  if failure then return nil, failure end
  return nil
end

return rpc.from_fn_async(set_password)
  :with_context('CliContext')
  :no_display()
  :with_about('about.auth.set-password')
