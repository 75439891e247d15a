--- Telling JSON's null and opaque values from Lua values without knowing the engine.
local M = {}

--- JSON null is the only light userdata scripts see; its metatable is locked with its name.
---@param value any
---@return boolean
function M.is_null(value)
  return type(value) == 'userdata' and getmetatable(value) == 'engine.json.null'
end

--- An opaque JSON value (`engine.json.Value`) or another engine object.
---@param value any
---@return boolean
function M.is_opaque(value) return type(value) == 'userdata' and not M.is_null(value) end

return M
