--- `bench.emit`: publishes events at a rate and tells what that took the publisher.
local event = require('engine.event')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local t = rpc.types

--- About 300 bytes on the wire, as the calibration of the targets has it.
local PAD = ('x'):rep(120)

local function emit(_call, params)
  local sent, spent, began = 0, 0, loop.now()
  while sent < params.count do
    local due = math.min(params.count, math.floor((loop.now() - began) * params.rate) + 1)
    local from = loop.now()
    for n = sent + 1, due do
      event.publish({ type = 'bench', target = 'bench',
        data = { n = n, at = loop.time(), pad = PAD } })
    end
    spent, sent = spent + loop.now() - from, due
    loop.sleep(0.001)
  end
  return { sent = sent, spent = spent, took = loop.now() - began }
end

return rpc.from_fn_async(emit)
  :with_params({ rate = t.integer{ min = 1 }, count = t.integer{ min = 1 } })
  :with_metadata('deadline', 600)
  :no_cli()
