--- Spelling of names: camelCase on the wire, kebab-case on the command line.
local M = {}

---@param key string `packageId`
---@return string `package-id`
function M.kebab(key)
  return (key:gsub('(%l)(%u)', '%1-%2'):gsub('(%d)(%u)', '%1-%2'):gsub('_', '-'):lower())
end

---@param key string `packageId`
---@return string `PACKAGE_ID`
function M.placeholder(key) return (M.kebab(key):gsub('-', '_'):upper()) end

--- Keys of a table in byte order.
---@param map table<string, any>
---@return string[]
function M.sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

return M
