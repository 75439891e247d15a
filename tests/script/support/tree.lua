--- The tree of the daemon over the fakes: calls and commands, as a client makes them.
local cli = require('lib.rpc.cli')
local json = require('engine.json')
local server = require('lib.rpc.server')
local support = require('support.cli')
local tree = require('core')

local M = {}

M.loaded = server.load(tree, 'RpcContext', { development = true, array = json.array })

--- Calls a method as root over the socket.
---@param method string
---@param params? table
---@param more? table Further members of the call
function M.call(method, params, more)
  local call = { ctx = { name = 'RpcContext' }, path = method, connection = 5,
    pushes = true, peer = { uid = 0, gid = 0, pid = 1 } }
  for key, value in pairs(more or {}) do
    call[key] = value
  end
  return M.loaded.runners[method](call, params or {})
end

--- What a client makes of an answer: it has crossed the wire.
local function received(options, result, err)
  if err ~= nil then return nil, err end
  if result == nil then return nil end
  local text = assert(json.encode(result))
  return options and options.raw and json.raw(text) or json.decode(text)
end

--- Runs a command against the tree itself: what it printed, its status, what it complained about.
---@param attributes? table Of `call.ctx`
function M.command(path, params, globals, attributes)
  local env = support.environment(function(method, sent, options)
    return received(options, M.call(method, sent))
  end)
  env.attributes = attributes
  local status = cli.run(tree, path, params or {}, globals or {}, env)
  return env.printed, status, env.complained
end

return M
