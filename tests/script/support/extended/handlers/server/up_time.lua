local rpc = require('lib.rpc')

return rpc.from_fn(function() return 7 end)
  :with_about('about.garden.water')
  :with_call_remote('CliContext')
