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

--- How many letters must be put in, taken out, changed or swapped with their neighbour to make one
--- word of the other.
---@param a string
---@param b string
---@return integer
function M.distance(a, b)
  local before, above = nil, {}
  for j = 0, #b do
    above[j] = j
  end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      row[j] = math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost)
      if before and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, above = above, row
  end
  return above[#b]
end

-- Words longer than this are no misspelling of a name; and what clients send costs little.
local LONGEST = 64

--- The word of `known` that was probably meant; nil when none is near.
---@param word string
---@param known string[]
---@return string?
function M.nearest(word, known)
  if #word > LONGEST then return nil end
  -- A word of which no letter is kept is another one.
  local best, best_distance = nil, math.min(#word, math.max(1, math.floor(#word / 3)) + 1)
  for _, candidate in ipairs(known) do
    local distance = M.distance(word:lower(), candidate:lower())
    if distance < best_distance then
      best, best_distance = candidate, distance
    end
  end
  return best
end

return M
