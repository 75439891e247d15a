local continuation = require('engine.continuation')
local event = require('engine.event')
local file = require('engine.file')
local generation = require('extensions.generation')
local rpc = require('lib.rpc')
local ways = require('extensions.ways')
local t = rpc.types

local function run(_call, params)
  if params.at then file.write(params.at, '') end
  ways[params.way](params)
  if params.done then file.write(params.done, tostring(generation)) end
  return generation
end

local text = t.optional(t.string)
local function handler(kind)
  return rpc['from_' .. kind](run)
    :with_params({ way = t.string{ default = 'none' }, at = text, go = text, done = text,
      url = text, socket = text })
    :no_cli()
end

local function large()
  return { generation = generation, text = ('x'):rep(8 * 1024 * 1024) }
end

--- Says the generation for every piece it hears.
local function talk(socket)
  while true do
    local heard = socket:receive()
    if not heard then return end
    socket:send(heard .. ' ' .. generation)
  end
end

local function upload(request)
  local size = 0
  while true do
    local bytes = request:read(1000)
    if not bytes then return { body = size .. ' ' .. generation } end
    size = size + #bytes
  end
end

local function open(kind, serve)
  return rpc.from_fn_async(function() return continuation[kind]({}, serve) end):no_cli()
end

return rpc.parent()
  :subcommand('fn', handler('fn'))
  :subcommand('async', handler('fn_async'))
  :subcommand('async-local', handler('fn_async_local'))
  :subcommand('blocking', handler('fn_blocking'))
  :subcommand('large', rpc.from_fn(large):no_cli())
  :subcommand('talk', open('websocket', talk))
  :subcommand('upload', open('rest', upload))
  :subcommand('emit', rpc.from_fn(function()
    assert(event.publish({ type = 'phase', data = generation }))
  end):no_cli())
