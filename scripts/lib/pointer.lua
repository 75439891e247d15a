--- JSON pointers (RFC 6901).
local M = {}

---@param token string
---@return string
function M.escape(token) return (token:gsub('~', '~0'):gsub('/', '~1')) end

---@param token string
---@return string
function M.unescape(token) return (token:gsub('~1', '/'):gsub('~0', '~')) end

--- `M.join('public', 'a/b')` is `/public/a~1b`.
---@param ... string|number
---@return string
function M.join(...)
  local parts = { '' }
  for i = 1, select('#', ...) do
    parts[#parts + 1] = M.escape(tostring((select(i, ...))))
  end
  return table.concat(parts, '/')
end

--- The tokens of a pointer, or nil with the reason.
---@param text string
---@return string[]? tokens
---@return string? problem
function M.split(text)
  if text == '' then return {} end
  if text:sub(1, 1) ~= '/' then return nil, 'a JSON pointer is empty or begins with /' end
  if text:find('~[^01]') or text:find('~$') then
    return nil, 'in a JSON pointer ~ is written ~0 and / is written ~1'
  end
  local tokens = {}
  for token in text:sub(2):gmatch('([^/]*)/?') do
    tokens[#tokens + 1] = M.unescape(token)
  end
  if text:sub(-1) ~= '/' then tokens[#tokens] = nil end
  return tokens
end

return M
