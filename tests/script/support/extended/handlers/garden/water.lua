local rpc = require('lib.rpc')

return rpc.from_fn(function() return 'wet' end)
  :with_metadata('quota', 3)
  :with_about('about.garden.water')
  :with_call_remote('CliContext')
