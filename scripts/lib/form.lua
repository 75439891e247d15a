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

local function escape(text)
  local escaped = text:gsub('[^%w%-%._~ ]', function(c) return ('%%%02X'):format(c:byte()) end)
  return (escaped:gsub(' ', '+'))
end

--- The text of keys and values, in byte order.
---@param values table<string, string>
---@return string
function M.encode(values)
  local parts = {}
  for key, value in pairs(values) do
    parts[#parts + 1] = escape(key) .. '=' .. escape(value)
  end
  table.sort(parts)
  return table.concat(parts, '&')
end

return M
