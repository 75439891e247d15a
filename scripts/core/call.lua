--- `moon-cli call METHOD [PARAMS]`: any method of the daemon, as it is, by any of its names.
local rpc = require('lib.rpc')
local t = rpc.types

--- *async*
local function call_method(call, params)
  local connection, err = call.ctx.connect()
  if not connection then return nil, err end
  local result, failure = connection:call(params.method, params.params or {},
    { timeout = params.timeout })
  connection:close()
  if failure and failure.code == 'method_not_found' then
    failure.message = ("the daemon has no method '%s'"):format(params.method)
    if (failure.hint or '') == '' then
      failure.hint = 'moon-cli rpc discover lists the methods'
    end
  end
  return result, failure
end

return rpc.from_fn_async(call_method)
  :with_params({
    method = t.string{ positional = 1, complete = 'method', help = 'help.arg.call-method' },
    params = t.json{ positional = 2, optional = true, stdin = true, help = 'help.arg.call-params' },
    timeout = t.duration{ default = 30, help = 'help.arg.timeout' },
  })
  :with_result(t.any)
  :with_context('CliContext')
  :with_display_serializable()
  :with_about('about.call')
  :with_examples('call package.list', [[call echo '{"message":"hi"}']])
