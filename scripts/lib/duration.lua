--- Durations as people write them: `90`, `1.5s`, `500ms`, `1h30m`, `2d`.
local M = {}

local SECONDS = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400 }
local STEPS = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 } }

--- Seconds, or nil with the reason.
---@param text string|number A number without unit means seconds
---@return number? seconds
---@return string? problem
function M.parse(text)
  if type(text) == 'number' then
    if text >= 0 and text < math.huge then return text end
    return nil, 'expected a duration of 0 or more seconds'
  end
  local problem = 'expected a duration such as 500ms, 30s, 5m, 1h30m'
  if type(text) ~= 'string' or text == '' then return nil, problem end
  if text:find('^%d+%.?%d*$') then return tonumber(text) end
  local total, at = 0, 1
  while at <= #text do
    local number, unit, after = text:match('^(%d+%.?%d*)(%l+)()', at)
    local factor = unit and SECONDS[unit]
    if not factor then return nil, problem end
    total, at = total + tonumber(number) * factor, after
  end
  return total
end

--- The shortest usual spelling: `1h 30m`, `2.5 s`, `120 ms`.
---@param seconds number
---@return string
function M.format(seconds)
  if seconds < 1 then return ('%d ms'):format(math.floor(seconds * 1000 + 0.5)) end
  if seconds < 60 then
    return (('%.1f'):format(seconds):gsub('%.0$', '')) .. ' s'
  end
  local parts, rest = {}, math.floor(seconds + 0.5)
  for _, step in ipairs(STEPS) do
    local count = math.floor(rest / step[2])
    if count > 0 then parts[#parts + 1] = count .. step[1] end
    rest = rest - count * step[2]
  end
  if rest > 0 and #parts < 2 then parts[#parts + 1] = rest .. 's' end
  return table.concat(parts, ' ', 1, math.min(#parts, 2))
end

return M
