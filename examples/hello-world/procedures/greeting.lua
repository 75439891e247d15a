--- The greeting: a file on the volume, and the page made from it.
local sdk = require('moonbox')

local M = {}

local volume = sdk.volume('main')

local ESCAPES = { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;' }

---@param text string
---@return string html
function M.page(text)
  local safe = text:gsub('[&<>"]', ESCAPES)
  return ('<!doctype html>\n<title>Hello</title>\n<h1>%s</h1>\n'):format(safe)
end

---@return string? text nil before the first install
function M.read() return volume:read('greeting.txt') end

--- Keeps the greeting and makes the page anew; the web server shows it at once.
---@param text string
---@return true? ok
---@return table? err
function M.write(text)
  local kept, err = volume:write('greeting.txt', text)
  if not kept then return nil, err end
  return volume:write('www/index.html', M.page(text))
end

return M
