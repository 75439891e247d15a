--- Small questions about lists, and making one of two.
local M = {}

---@param list any[]
---@param wanted any
---@return boolean
function M.contains(list, wanted)
  for _, value in ipairs(list) do
    if value == wanted then return true end
  end
  return false
end

--- Adds the elements of `more` at the end of `list`.
---@generic T
---@param list T[] Is changed
---@param more T[]
---@return T[] list
function M.append(list, more)
  for _, value in ipairs(more) do
    list[#list + 1] = value
  end
  return list
end

return M
