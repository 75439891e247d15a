--- Copies of values made of tables.
local M = {}

--- A copy that shares no table with the original. Metatables stay behind: the mark of a JSON array
--- is the engine's and cannot be put on by scripts/lib.
---@param value any
---@return any
function M.deep(value)
  if type(value) ~= 'table' then return value end
  local twin = {}
  for key, member in pairs(value) do
    twin[key] = M.deep(member)
  end
  return twin
end

return M
