--- The root of the handler tree: the daemon's methods and the CLI's commands.
local rpc = require('lib.rpc')

return rpc.parent()
  :with_context('RpcContext', 'CliContext')
  :with_middleware('RpcContext', { require('middleware.auth') })
  :subcommand('echo', require('core.echo'))
