--- `application/x-www-form-urlencoded` texts, as some headers hold them.
local M = {}

local function decode(text)
  local plain = text:gsub('+', ' ')
  local broken = plain:gsub('%%%x%x', ''):find('%', 1, true)
  if broken then return nil end
  return (plain:gsub('%%(%x%x)', function(hex) return string.char(tonumber(hex, 16)) end))
end

--- Keys and values; nil when the text is malformed or names a key twice.
---@param text string
---@return table<string, string>?
function M.decode(text)
  local pairs_of = {}
  for part in text:gmatch('[^&]+') do
    local key, value = part:match('^([^=]*)=(.*)$')
    key, value = key and decode(key), value and decode(value)
    if not key or not value or pairs_of[key] then return nil end
    pairs_of[key] = value
  end
  return pairs_of
end

return M
