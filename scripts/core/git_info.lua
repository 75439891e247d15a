--- `git-info`: the commit the daemon was built from.
local daemon = require('engine.daemon')
local rpc = require('lib.rpc')
local t = rpc.types

local function git_info() return daemon.info().gitInfo end

return rpc.from_fn(git_info)
  :with_result(t.string)
  :with_metadata('read_only', true)
  :with_about('about.git-info')
  :with_call_remote('CliContext')
