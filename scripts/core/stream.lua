--- Streams of texts over a WebSocket: a call answers with an id, the client opens it.
local continuation = require('engine.continuation')
local log = require('engine.log')
local loop = require('engine.loop')

local M = {}

--- The close code of a stream that cannot go on; a new one may.
local SUBSCRIBE_AGAIN = 4002

--- What a stream tells.
---@class core.stream.Source
---@field next fun(self): any, engine.Error? *async*; `closed` when all has been told
---@field close fun(self)

--- What the client says is nothing to us; that it goes is.
local function listen(socket, ended)
  while socket:receive() do end
  ended()
end

local function pump(socket, source, encode, is_over)
  while not is_over() do
    local item, err = source:next()
    if not item then
      if is_over() or err.code == 'closed' then return nil end
      return nil, err
    end
    if not socket:send(encode(item)) then return nil end
  end
end

--- Reserves a stream that ends with the session of the call, if it has one.
---@param call table
---@param source core.stream.Source
---@param encode fun(item: any): string
---@return string? guid
---@return engine.Error? err `busy`
function M.open(call, source, encode)
  local options = { session = call.session and call.session.id }
  local guid, err = continuation.websocket(options, function(socket)
    local over = false
    local function finish()
      if over then return end
      over = true
      source:close()
    end
    loop.spawn(listen, { name = 'stream' }, socket, finish)
    local _, failure = pump(socket, source, encode, function() return over end)
    finish()
    if failure then
      log.warn('stream', 'a stream ends early: ' .. failure.message)
      socket:close(SUBSCRIBE_AGAIN, 'subscribe again')
    end
  end)
  if not guid then source:close() end
  return guid, err
end

return M
