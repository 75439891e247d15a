local continuation = require('engine.continuation')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local t = rpc.types

--- Says back what it hears; `fail` and `error` end it badly, `bye` well.
local function talk(socket)
  while true do
    local text, err = socket:receive()
    if not text then return nil, err end
    if text == 'bye' then return end
    if text == 'fail' then return nil, { code = 'conflict', message = 'asked to fail' } end
    if text == 'error' then error('boom') end
    if text == 'flood' then
      for i = 1, 1000 do
        assert(socket:send(('x'):rep(1000) .. i))
      end
    elseif text == 'quiet' then
      local nothing, why = socket:receive(0.05)
      socket:send(nothing or why.code)
    else
      socket:send('you said ' .. text)
    end
  end
end

local function upload(request)
  if request.method == 'DELETE' then return nil, { code = 'not_found', message = 'nothing here' } end
  local path = os.getenv('TMPDIR') .. '/upload'
  local size, err = request:save(path)
  if not size then return nil, err end
  return { status = 201, headers = { ['X-Size'] = tostring(size) }, file = path }
end

--- Into a folder of which the test decides what room it has.
local function fill(request)
  local size, err = request:save(os.getenv('TMPDIR') .. '/small/upload')
  if not size then return nil, err end
  return { body = tostring(size) }
end

local function count(request)
  local total = 0
  while true do
    local bytes, err = request:read(1000)
    if err then return nil, err end
    if not bytes then return { body = tostring(total), headers = { { 'Content-Type', 'text/plain' } } } end
    total = total + #bytes
    loop.sleep(0)
  end
end

local options = { session = t.optional(t.string), ttl = t.optional(t.number),
  method = t.optional(t.string) }

local function open(kind, serve)
  return rpc.from_fn_async(function(_, params) return continuation[kind](params, serve) end)
    :with_params(options):with_result(t.string):no_cli()
end

return rpc.parent()
  :subcommand('talk', open('websocket', talk))
  :subcommand('upload', open('rest', upload))
  :subcommand('fill', open('rest', fill))
  :subcommand('count', open('rest', count))
  :subcommand('nothing', open('rest', function() end))
  :subcommand('broken', open('rest', function() error('boom') end))
  :subcommand('kill', rpc.from_fn(function(_, params)
      return continuation.kill_session(params.session)
    end)
    :with_params({ session = t.string }):with_result(t.integer):no_cli())
