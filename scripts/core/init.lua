--- The root of the handler tree: the daemon's methods and the CLI's commands.
local rpc = require('lib.rpc')

local root = rpc.parent()
  :with_context('RpcContext', 'CliContext')
  :with_middleware('RpcContext', {
    require('middleware.cors'),
    require('middleware.session_cookie'),
    require('middleware.auth'),
    require('middleware.user_agent'),
    require('middleware.device_info'),
    require('middleware.audit'),
    require('middleware.sync_db'),
  })
  :subcommand('auth', require('core.auth'))
  :subcommand('backup', require('core.backup'))
  :subcommand('call', require('core.call'))
  :subcommand('completion', require('core.completion'))
  :subcommand('daemon', require('core.daemon'))
  :subcommand('db', require('core.db'))
  :subcommand('echo', require('core.echo'))
  :subcommand('event', require('core.event'))
  :subcommand('events', require('core.event.command'))
  :subcommand('git-info', require('core.git_info'))
  :subcommand('job', require('core.job'))
  :subcommand('logs', require('core.logs'))
  :subcommand('man', require('core.man'))
  :subcommand('notification', require('core.notification'))
  :subcommand('package', require('core.package'))
  :subcommand('repl', require('core.repl'))
  :subcommand('rpc', require('core.rpc'))
  :subcommand('s9pk', require('core.s9pk'))
  :subcommand('script', require('core.script'))
  :subcommand('server', require('core.server'))
  :subcommand('state', require('core.state'))
  :subcommand('util', require('core.util'))

return require('core.extensions').apply(root)
