--- Indented JSON. Scalars are written by the engine's encoder, which knows opaque numbers.
local names = require('lib.names')
local null = require('lib.null')

local M = {}

local function is_array(value) return value[1] ~= nil or getmetatable(value) ~= nil end

local function write(value, indent, encode, out)
  if type(value) ~= 'table' or next(value) == nil then
    out[#out + 1] = (value == nil or null.is_null(value)) and 'null' or encode(value)
    return
  end
  local deeper, array = indent .. '  ', is_array(value)
  local keys = array and value or names.sorted_keys(value)
  out[#out + 1] = array and '[\n' or '{\n'
  for i, key in ipairs(keys) do
    out[#out + 1] = i > 1 and ',\n' .. deeper or deeper
    if not array then out[#out + 1] = encode(key) .. ': ' end
    write(array and key or value[key], deeper, encode, out)
  end
  out[#out + 1] = '\n' .. indent .. (array and ']' or '}')
end

---@param value any
---@param encode fun(value: any): string
---@return string
function M.json(value, encode)
  local out = {}
  write(value, '', encode, out)
  return table.concat(out)
end

return M
