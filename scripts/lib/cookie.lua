--- Cookies: what a client sends, and what it is told to keep.
local M = {}

--- A cookie of a `Cookie` header; the first of its name.
---@param header string?
---@param name string
---@return string?
function M.get(header, name)
  for key, value in (header or ''):gmatch('%s*([^=;]+)=([^;]*)') do
    if key == name then return (value:gsub('%s+$', ''):gsub('^"(.*)"$', '%1')) end
  end
end

---@class lib.cookie.Options
---@field max_age? integer Seconds; absent: until the client closes
---@field secure? boolean Over TLS only

--- A `Set-Cookie` header that scripts of a page cannot read and that other sites do not cause to be
--- sent.
---@param name string
---@param value string
---@param options lib.cookie.Options
---@return string
function M.set(name, value, options)
  local text = ('%s=%s; Path=/; HttpOnly; SameSite=Strict'):format(name, value)
  if options.max_age then text = ('%s; Max-Age=%d'):format(text, options.max_age) end
  if options.secure then text = text .. '; Secure' end
  return text
end

return M
