--- Unsigned 64-bit integers as decimal text without leading zeros: Lua's numbers end at 2^53.
local M = {}

local LARGEST = '18446744073709551615'

--- -1, 0 or 1.
---@param a string
---@param b string
---@return -1|0|1
function M.compare(a, b)
  if a == b then return 0 end
  if #a ~= #b then return #a < #b and -1 or 1 end
  return a < b and -1 or 1
end

--- The integer that digits stand for; nil when it does not fit.
---@param digits string One digit or more
---@return string?
function M.of(digits)
  local value = digits:match('^0*(%d+)$')
  return M.compare(value, LARGEST) <= 0 and value or nil
end

--- The integer after this one; nil when there is none.
---@param value string
---@return string?
function M.increment(value)
  if value == LARGEST then return nil end
  local head, digit, nines = value:match('^(%d*)([0-8])(9*)$')
  if not head then return '1' .. ('0'):rep(#value) end
  return head .. tostring(tonumber(digit) + 1) .. ('0'):rep(#nines)
end

return M
