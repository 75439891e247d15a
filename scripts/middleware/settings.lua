--- What an operator may set about access, below `/public/settings` in the store. What is absent or
--- makes no sense counts as its default.
local duration = require('lib.duration')
local store = require('engine.store')

local M = {}

local ROOT = '/public/settings/'
local DAY = 86400

local LONGEST = 255

local function list(name)
  local value, texts = store.get(ROOT .. name), {}
  for _, text in ipairs(type(value) == 'table' and value or {}) do
    if type(text) == 'string' and #text <= LONGEST then texts[#texts + 1] = text end
  end
  return texts
end

--- Origins whose pages may use the API, besides the API's own: `https://panel.example.com`.
---@return string[]
function M.allowed_origins() return list('allowedOrigins') end

--- Names by which clients know this host, besides its own: contexts of signatures.
---@return string[]
function M.hostnames() return list('hostnames') end

--- Seconds after which a session that nobody uses ends.
---@return number
function M.session_idle()
  local value = store.get(ROOT .. 'sessionIdle')
  local seconds = value ~= nil and duration.parse(value)
  return seconds and seconds > 0 and seconds or 30 * DAY
end

return M
