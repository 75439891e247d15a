--- Amounts of bytes as people write them: `4096`, `512K`, `1.5GiB`, `2MB`.
local M = {}

-- `K` and `KiB` are 1024, `kB` is 1000, and so on.
local STEPS = { '', 'K', 'M', 'G', 'T', 'P' }

local function factor_of(unit)
  if unit == '' or unit == 'B' then return 1 end
  local prefix, rest = unit:sub(1, 1):upper(), unit:sub(2)
  local base = (rest == 'B' and 1000) or ((rest == '' or rest == 'iB') and 1024)
  for step = 2, #STEPS do
    if base and STEPS[step] == prefix then return base ^ (step - 1) end
  end
end

--- Bytes, or nil with the reason.
---@param text string|number
---@return number? bytes
---@return string? problem
function M.parse(text)
  local problem = 'expected a size such as 4096, 512K or 1.5GiB'
  if type(text) == 'number' then
    if text >= 0 and text < 2 ^ 53 and text % 1 == 0 then return text end
    return nil, problem
  end
  if type(text) ~= 'string' then return nil, problem end
  local number, unit = text:match('^(%d+%.?%d*) ?(%a*)$')
  local factor = unit and factor_of(unit)
  local bytes = factor and math.floor(tonumber(number) * factor + 0.5)
  if not bytes or bytes >= 2 ^ 53 then return nil, problem end
  return bytes
end

return M
