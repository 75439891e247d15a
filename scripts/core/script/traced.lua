--- The runner of a method that `script trace` follows. The daemon asks for it, once per VM.
local debugging = require('engine.debug')
local json = require('engine.json')
local server = require('lib.rpc.server')

local M = {}

---@param root string Module that returns the tree
---@param context string
---@param method string
---@return lib.rpc.Runner
function M.runner(root, context, method)
  return server.traced(require(root), context, method,
    { open = debugging.open_span, close = debugging.close_span }, json.array)
end

return M
