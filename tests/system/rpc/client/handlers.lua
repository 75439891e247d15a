--- Calls that leave a mark when they begin and end when they are told to.
local file = require('engine.file')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local t = rpc.types

local function wait(_call, params)
  assert(file.write(params.mark .. '.begun', 'begun'))
  while not file.read(params.mark .. '.go') do
    assert(loop.sleep(0.02))
  end
  return 'done'
end

local function method() return rpc.from_fn_async(wait):with_params({ mark = t.string }) end

return rpc.parent()
  :subcommand('look', method():with_metadata('read_only', true):no_cli())
  :subcommand('act', method():no_cli())
