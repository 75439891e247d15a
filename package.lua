--- The manifest of moonbox's own scripts. The engine reads it first: moonbox's behaviour is a
--- package like any other.
local core = {
  'engine.archive', 'engine.client', 'engine.connection', 'engine.continuation', 'engine.crypto',
  'engine.daemon', 'engine.daemon_control', 'engine.debug', 'engine.editor', 'engine.errc',
  'engine.event', 'engine.fetch', 'engine.file', 'engine.job', 'engine.json', 'engine.lease',
  'engine.log', 'engine.loop', 'engine.lxc', 'engine.module', 'engine.process', 'engine.scratch',
  'engine.spec', 'engine.state', 'engine.store', 'engine.store_tool', 'engine.term',
}

local runtime = {
  'engine.client', 'engine.container', 'engine.errc', 'engine.file', 'engine.isolated',
  'engine.json', 'engine.log', 'engine.loop', 'engine.module', 'engine.ns',
}

return {
  name = 'moonbox',
  version = '0.1.0',
  license = 'MIT',
  description = 'An embedded scripting host for the services of one server.',

  --- What each program runs: `trees` are the handler trees by context, `control` the module that
  --- lives on the daemon's control loop, `cli` the one behind moon-cli, `runtime` the one inside
  --- containers.
  entries = {
    trees = {
      RpcContext = 'core', EffectContext = 'core.effects', DiagnosticContext = 'diagnostic',
    },
    control = 'service',
    cli = 'core.cli_main',
    runtime = 'runtime',
  },

  --- The engine modules the scripts of each folder may require.
  requires = {
    core = core, diagnostic = core, extensions = core, middleware = core, service = core,
    store = { 'engine.json', 'engine.module', 'engine.store', 'engine.store_tool' },
    runtime = runtime,
  },

  locales = { 'en_US', 'de_DE', 'es_ES', 'fr_FR', 'pl_PL' },
}
