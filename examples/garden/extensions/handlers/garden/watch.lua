--- `garden.watch`: answers with the id of a WebSocket, `/ws/rpc/ID`, which tells each watering.
local event = require('engine.event')
local json = require('engine.json')
local rpc = require('lib.rpc')
local stream = require('core.stream')
local t = rpc.types

local function watch(call)
  local listener, err = event.listen({ type = 'garden.*' })
  if not listener then return nil, err end
  local guid, failure = stream.open(call, listener, function(each)
    return json.encode({ plant = each.resource.id, litres = each.data.litres, at = each.ts })
  end)
  if not guid then return nil, failure end
  return { guid = guid }
end

return rpc.from_fn(watch)
  :with_result(t.object{ fields = { guid = t.guid } })
  :with_metadata('read_only', true)
  :no_cli()
