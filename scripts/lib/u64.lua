--- Unsigned 64-bit integers, which are beyond Lua's numbers, as decimal text and as bytes.
local M = {}

local BYTES = 8

--- The big-endian bytes of a decimal text; nil when it is none or does not fit.
---@param text string
---@return string?
function M.bytes(text)
  if not text:find('^%d+$') or #text > 20 then return nil end
  local bytes = { 0, 0, 0, 0, 0, 0, 0, 0 }
  for digit in text:gmatch('%d') do
    local carry = tonumber(digit)
    for i = BYTES, 1, -1 do
      local value = bytes[i] * 10 + carry
      bytes[i], carry = value % 256, math.floor(value / 256)
    end
    if carry > 0 then return nil end
  end
  return string.char(unpack(bytes))
end

return M
