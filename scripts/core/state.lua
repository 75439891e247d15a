--- `state`: which handler tree is being served.
local rpc = require('lib.rpc')
local t = rpc.types

local function state() return 'running' end

return rpc.from_fn(state)
  :with_result(t.enum{ 'running', 'initializing', 'error' })
  :with_metadata('authenticated', false)
  :with_metadata('read_only', true)
  :with_about('about.state')
  :with_call_remote('CliContext')
