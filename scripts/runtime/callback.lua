--- `callback`: the host tells that something a context watches has changed.
local context = require('runtime.context')
local log = require('engine.log')

local M = {}

--- Calls the function behind `id`, once. Never fails: there is nobody to tell. *async*
---@param params {id: integer, args: any[]}
function M.callback(params)
  local fn = context.take_callback(params.id)
  if not fn then return nil end
  local fine, err = pcall(fn, unpack(params.args))
  if not fine then log.warn('callback failed: ' .. tostring(err)) end
  return nil
end

return M
