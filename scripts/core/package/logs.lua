--- `package.logs` on the daemon: the last lines of a service, and those that follow.
local event = require('engine.event')
local crypto = require('engine.crypto')
local logs = require('service.logs')
local loop = require('engine.loop')
local operator = require('service.operator')
local rpc = require('lib.rpc')
local t = rpc.types

--- Bytes of one look.
local PIECE = 1024 * 1024

--- Seconds between looks at the file, and between looks at whether anybody still listens.
local LOOK, CHECK = 0.25, 5

--- Sends new lines on the connection until it is gone. Each follower has a target of its own.
local function follow(connection, id, place)
  local target = 'follow.' .. crypto.guid()
  local filter = { type = 'package.log', target = target }
  local sub, err = event.subscribe(connection, filter)
  if not sub then return nil, err end
  local checked = loop.now()
  while true do
    local entries
    entries, place = logs.since(id, place, PIECE)
    for _, each in ipairs(entries) do
      event.publish({ type = 'package.log', target = target, package = id, data = each })
    end
    local slept, gone = loop.sleep(LOOK)
    if not slept then return nil, gone end
    if loop.now() - checked > CHECK then
      checked = loop.now()
      if not event.unsubscribe(connection, sub) then return nil end
      sub = event.subscribe(connection, filter)
      if not sub then return nil end
    end
  end
end

local function read(call, params)
  local current, err = operator.describe(params.id)
  if not current then return nil, err end
  local entries, place = logs.last(params.id, params.limit)
  if not params.follow then return { entries = entries } end
  if not call.pushes then
    return nil, { code = 'conflict', message = 'nothing can be sent here but answers',
      hint = 'follow on a connection of lines, or a WebSocket' }
  end
  return follow(call.connection, params.id, place)
end

return rpc.from_fn_async(read)
  :with_params({
    id = t.package_id,
    limit = t.integer{ default = 50, min = 0, max = 10000 },
    follow = t.flag,
  })
  :with_result(t.object{ optional = true, fields = { entries = t.array(t.any) } })
  :with_errors('not_found', 'conflict')
  :with_metadata('read_only', true)
  :with_metadata('deadline', 86400)
  :no_cli()
