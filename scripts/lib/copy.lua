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

--- A table with the members of both; of those that both have, the second's.
---@param one table
---@param other? table
---@return table
function M.merged(one, other)
  local both = {}
  for key, member in pairs(one) do
    both[key] = member
  end
  for key, member in pairs(other or {}) do
    both[key] = member
  end
  return both
end

return M
