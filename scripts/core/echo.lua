--- `echo`: answers with the message it is sent.
local rpc = require('lib.rpc')
local t = rpc.types

local function echo(_call, params) return params.message end

return rpc.from_fn(echo)
  :with_params({ message = t.string{ positional = true, help = 'help.arg.message' } })
  :with_result(t.string)
  :with_metadata('authenticated', false)
  :with_metadata('read_only', true)
  :with_about('about.echo')
  :with_call_remote('CliContext')
