--- What the matrix of limits calls: calls that overlap, and answers of a mebibyte.
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local state = require('engine.state')
local t = rpc.types

--- How many of these calls are under way; each waits for another, and then for one too many.
local function hold()
  local most = state.add('held', 1)
  for _ = 1, 200 do
    if state.get('held') > 1 then break end
    loop.sleep(0.01)
  end
  loop.sleep(0.03)
  most = math.max(most, state.get('held'))
  state.add('held', -1)
  return most
end

local function big()
  state.add('big', 1)
  return ('x'):rep(2 ^ 20)
end

local function public(handler) return handler:with_metadata('authenticated', false):no_cli() end

return rpc.parent()
  :subcommand('hold', public(rpc.from_fn_async(hold):with_result(t.integer)))
  :subcommand('big', public(rpc.from_fn(big):with_result(t.string)))
  :subcommand('count', public(rpc.from_fn(function() return state.get('big') or 0 end)))
