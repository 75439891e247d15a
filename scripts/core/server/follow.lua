--- The streams of `server.*`: what `server.logs` and `server.metrics` tell, as it comes.
local daemon = require('engine.daemon')
local event = require('engine.event')
local json = require('engine.json')
local loop = require('engine.loop')
local metrics = require('core.server.metrics')
local stream = require('core.stream')

local M = {}

local function sample() return metrics.sample(daemon.info().dataDir) end

--- A sample now, and more of them as a stream.
function M.metrics(call, params)
  local sampled, err = sample()
  if not sampled then return nil, err end
  local source = { close = function() end }
  function source.next()
    local slept, failure = loop.sleep(params.interval)
    if not slept then return nil, failure end
    return sample()
  end
  local guid, full = stream.open(call, source, json.encode)
  if not guid then return nil, full end
  return { guid = guid, metrics = sampled }
end

--- Log lines as they are written, after the last `limit`.
function M.logs(call, params)
  local listener, err = event.listen({ level = params.level, target = params.target,
    package = params.package }, { channel = 'logs', replay_last = params.limit })
  if not listener then return nil, err end
  local guid, full = stream.open(call, listener, function(each)
    local data = each.data or {}
    return json.encode({ timestamp = each.ts, level = each.level, target = each.target,
      message = data.message, fields = data.fields, lagged = each.lagged })
  end)
  if not guid then return nil, full end
  return { guid = guid }
end

return M
