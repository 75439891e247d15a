--- JSON Patches of a feed (`add`, `remove`, `replace`) applied to Lua values.
local pointer = require('lib.pointer')

local M = {}

local function is_array(value) return value[1] ~= nil or getmetatable(value) ~= nil end

--- The key of a token in a container, as Lua has it.
local function key_of(container, token)
  if not is_array(container) then return token end
  if token == '-' then return #container + 1 end
  local index = tonumber(token)
  return index and index + 1
end

local function parent_of(document, tokens)
  local value = document
  for i = 1, #tokens - 1 do
    value = type(value) == 'table' and value[key_of(value, tokens[i])] or nil
  end
  return type(value) == 'table' and value or nil
end

--- Carries an operation out. The document changes; arrays need to be marked as such when empty.
---@param document any
---@param operation {op: 'add'|'remove'|'replace', path: string, value: any}
---@return any document The same, or the new root
---@return any before What was there
function M.apply(document, operation)
  local tokens = assert(pointer.split(operation.path))
  if #tokens == 0 then return operation.value, document end
  local parent = parent_of(document, tokens)
  if not parent then error('nothing at ' .. operation.path, 0) end
  local key = key_of(parent, tokens[#tokens])
  local before = parent[key]
  if not is_array(parent) or operation.op == 'replace' then
    parent[key] = operation.value
  elseif operation.op == 'add' then
    table.insert(parent, key, operation.value)
    before = nil
  else
    table.remove(parent, key)
  end
  return document, before
end

return M
