--- How code in an isolated state reaches the one that started it.
---@meta engine.isolated
local isolated = {}

--- Calls the starter's `on_call`. *async*
---@param name string
---@param params table
---@return any result
---@return engine.Error? err
---@async
function isolated.call(name, params) end

return isolated
