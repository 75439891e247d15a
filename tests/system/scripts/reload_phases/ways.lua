--- How a handler can wait: each until the file `go` is there, or the value in the store.
local client = require('engine.client')
local fetch = require('engine.fetch')
local file = require('engine.file')
local lease = require('engine.lease')
local loop = require('engine.loop')
local process = require('engine.process')
local store = require('engine.store')

local M = {}

function M.none() end

function M.sleep(params)
  while not file.exists(params.go) do
    loop.sleep(0.01)
  end
end

function M.spin(params)
  while not file.exists(params.go) do end
end

function M.store()
  local watch = assert(store.watch('/public/ui'))
  assert(watch:next())
  watch:close()
end

function M.process(params)
  assert(process.run({ 'sh', '-c', 'until [ -e "$0" ]; do sleep 0.02; done', params.go }))
end

function M.fetch(params) assert(fetch.send({ url = params.url })) end

function M.lease(params)
  local mine = assert(lease.acquire('phase'))
  M.sleep(params)
  mine:release()
end

--- Behind somebody else, who has it until the file is there.
function M.lease_behind(params)
  loop.spawn(function() M.lease(params) end)
  loop.sleep(0)
  assert(lease.acquire('phase')):release()
end

function M.channel(params)
  local channel = loop.channel()
  loop.spawn(function()
    M.sleep(params)
    channel:send(true)
  end)
  channel:receive()
end

--- A call of this daemon by itself.
function M.call(params)
  assert(client.call(params.socket, 'phase.async', { way = 'sleep', go = params.go }))
end

return M
