--- `auth.*`: logging in and out, sessions, the password, keys of those who sign.
local limiter = require('middleware.auth.limiter')
local password = require('middleware.auth.password')
local rpc = require('lib.rpc')
local sessions = require('middleware.auth.sessions')
local settings = require('middleware.settings')
local t = rpc.types

local MAX_PASSWORD = 1024
-- Bytes a stranger may have read before anybody looks at his password.
local MAX_LOGIN = 64 * 1024

--- Whether the text is the password; what is tried counts for the caller until it is right.
local function check_password(call, text)
  local right, err = password.verify(text)
  if right == nil then return nil, err end
  if not right then
    return nil, { code = 'incorrect_password', message = 'the password is wrong' }
  end
  limiter.succeeded(call)
  return true
end

local function login(call, params)
  local right, err = check_password(call, params.password)
  if not right then return nil, err end
  local session, failure = sessions.create({
    user_agent = call.user_agent, ephemeral = params.ephemeral, read = params.read,
  })
  if not session then return nil, failure end
  if not params.ephemeral then session.max_age = settings.session_idle() end
  call.new_session = session
  return params.returnToken and { session = session.token } or {}
end

local function logout(call)
  if not call.session then
    return nil, { code = 'invalid_params', message = 'the caller has no session to end',
      hint = 'moon-cli auth session kill ID ends the session of somebody else' }
  end
  local done, err = sessions.kill({ call.session.id }, call.connection)
  if not done then return nil, err end
  call.ended_session = true
  return nil
end

--- The owner at the Unix socket needs no old password: they could read and replace its hash.
local function may_reset(call, params)
  if call.auth.by == 'peer' then return true end
  local allowed, err = limiter.take(call)
  if not allowed then return nil, err end
  return check_password(call, params.oldPassword or '')
end

local function reset_password(call, params)
  local allowed, err = may_reset(call, params)
  if not allowed then return nil, err end
  local done, failure = password.set(params.newPassword)
  if not done then return nil, failure end
  local ended, problem = sessions.kill_others(call.session and call.session.id, call.connection)
  if not ended then return nil, problem end
  return nil
end

return rpc.parent():with_about('about.auth')
  :subcommand('login', rpc.from_fn_async_local(login)
    :with_params({
      password = t.secret{ max_length = MAX_PASSWORD },
      ephemeral = t.boolean{ default = false },
      read = t.optional(t.array{ of = t.pointer, max = 64 }),
      returnToken = t.boolean{ default = false },
    })
    :with_result(t.object{ fields = { session = t.optional(t.string) } })
    :with_metadata('login', true)
    :with_metadata('max_params', MAX_LOGIN)
    :with_metadata('audit', true)
    :with_metadata('secret', true)
    :no_cli())
  :subcommand('login', require('core.auth.login'))
  :subcommand('logout', rpc.from_fn_async_local(logout)
    :with_result(t.null)
    :with_metadata('get_session', true)
    :with_metadata('audit', true)
    :no_cli())
  :subcommand('logout', require('core.auth.logout'))
  :subcommand('reset-password', rpc.from_fn_async_local(reset_password)
    :with_params({
      oldPassword = t.optional(t.secret{ max_length = MAX_PASSWORD }),
      newPassword = t.secret{ min_length = 8, max_length = MAX_PASSWORD },
    })
    :with_result(t.null)
    :with_metadata('admin', true)
    :with_metadata('get_session', true)
    :with_metadata('audit', true)
    :with_metadata('secret', true)
    :no_cli())
  :subcommand('set-password', require('core.auth.set_password'))
  :subcommand('session', require('core.auth.session'))
  :subcommand('key', require('core.auth.key'))
  :subcommand('sign', require('core.auth.sign'))
