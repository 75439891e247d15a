--- Points in time as RFC 3339 text in UTC: `2026-01-31T12:00:00Z`.
local M = {}

---@param seconds number Since 1970
---@return string
function M.format(seconds)
  return (os.date('!%Y-%m-%dT%H:%M:%SZ', math.floor(seconds)))
end

--- Days from 1970-01-01 in the Gregorian calendar. Years begin in March, so that leap days come
--- last.
local function days(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
    + math.floor((153 * (month - 3) + 2) / 5) + day - 1 - 719468
end

--- Seconds since 1970; nil for what is no such text.
---@param text any
---@return number?
function M.parse(text)
  if type(text) ~= 'string' then return nil end
  local year, month, day, hour, minute, second, rest =
    text:match('^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)(%.?%d*)Z$')
  if not year then return nil end
  local seconds = days(tonumber(year), tonumber(month), tonumber(day)) * 86400
    + tonumber(hour) * 3600 + tonumber(minute) * 60 + tonumber(second)
  return seconds + (tonumber('0' .. rest) or 0)
end

return M
