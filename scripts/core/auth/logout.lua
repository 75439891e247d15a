--- `moon-cli auth logout`: ends the session whose token `auth login` printed. The commands
--- themselves have none: the kernel says who calls.
local rpc = require('lib.rpc')
local sessions = require('middleware.auth.sessions')
local t = rpc.types

local function logout(call, params)
  local id = sessions.id_of(params.token)
  local known, err = call.ctx.remote('auth.session.list', {}, { read_only = true })
  if not known then return nil, err end
  if not known.sessions[id] then
    return nil, { code = 'not_found', message = 'there is no session with this token',
      hint = 'moon-cli auth session list shows those there are' }
  end
  local _, failure = call.ctx.remote('auth.session.kill', { ids = { id } })
  if failure then return nil, failure end
  return nil
end

return rpc.from_fn_async(logout)
  :with_params({ token = t.secret{ max_length = 64, help = 'help.arg.session-token' } })
  :with_context('CliContext')
  :no_display()
  :with_about('about.auth.logout')
  :with_examples('auth logout --token @token')
