--- Small questions about lists.
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

return M
