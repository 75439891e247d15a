--- One method for each combination of the keys of authentication: `probe.` and a letter for each key
--- that differs from its default (public, login, get_session, get_signer); without any, `probe.none`.
--- Each tells what the middleware has found out.
local limiter = require('middleware.auth.limiter')
local rpc = require('lib.rpc')
local t = rpc.types

local KEYS = {
  { 'p', 'authenticated', false }, { 'l', 'login', true }, { 's', 'get_session', true },
  { 'g', 'get_signer', true },
}

local function tell(call)
  limiter.succeeded(call)
  if call.transport == 'http' or call.transport == 'https' then
    call.new_session = { token = ('a'):rep(26), id = 'none', max_age = 60 }
  end
  return { by = call.auth and call.auth.by, owner = call.auth and call.auth.owner,
    session = call.session and call.session.id, signer = call.signer,
    agent = call.user_agent, transport = call.transport }
end

local group = rpc.parent():with_about('about.echo')
for mask = 0, 2 ^ #KEYS - 1 do
  local name, handler = '', rpc.from_fn_async_local(tell):with_result(t.any)
  for i, key in ipairs(KEYS) do
    if math.floor(mask / 2 ^ (i - 1)) % 2 == 1 then
      name = name .. key[1]
      handler:with_metadata(key[2], key[3])
    end
  end
  group:subcommand(name == '' and 'none' or name, handler:no_cli())
end
return group:subcommand('device', rpc.from_fn(function(call) return call.device end)
  :with_result(t.any):with_metadata('get_device_info', true):no_cli())
