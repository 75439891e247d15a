--- Telling JSON's null and opaque values from Lua values without knowing the engine.
local M = {}

--- JSON null arrives as a light userdata; every other engine value has a metatable.
---@param value any
---@return boolean
function M.is_null(value) return type(value) == 'userdata' and getmetatable(value) == nil end

--- An opaque JSON value (`engine.json.Value`) or another engine object.
---@param value any
---@return boolean
function M.is_opaque(value) return type(value) == 'userdata' and getmetatable(value) ~= nil end

return M
