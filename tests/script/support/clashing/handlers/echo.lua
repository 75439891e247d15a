local rpc = require('lib.rpc')

return rpc.from_fn(function() return 'mine' end)
  :with_about('about.echo')
  :with_call_remote('CliContext')
