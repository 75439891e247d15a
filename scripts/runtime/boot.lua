--- What the program takes from the scripts: the methods, a function for each, and the orderly end.
local json = require('engine.json')
local server = require('lib.rpc.server')
local system = require('runtime.system')

local loaded = server.load(require('runtime'), 'RuntimeContext', { array = json.array })

return {
  methods = json.array(loaded.methods),
  runners = loaded.runners,
  shutdown = system.shutdown,
}
