--- The group `garden`. The files beside this one join it by their names; `water` is here because it
--- is two handlers: the method, and the command that follows its job.
local rpc = require('lib.rpc')
local water = require('extensions.garden.water')

return rpc.parent():with_about('about.garden')
  :subcommand('water', water.method)
  :subcommand('water', water.command)
