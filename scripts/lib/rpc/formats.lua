--- Texts of a certain form: what is expected of them, and whether a text is one.
local pointer = require('lib.pointer')

---@class lib.rpc.Format
---@field expected string What it is, as a name of `lib.rpc.problem`; `NAME-form` says how it looks
---@field fits fun(text: string, options: table): boolean

---@type table<string, lib.rpc.Format>
local M = {}

M.package_id = {
  expected = 'package-id',
  fits = function(text)
    return #text <= 64 and text:find('^[%l%d]') ~= nil and not text:find('[^%l%d-]')
      and not text:find('%-%-') and text:sub(-1) ~= '-'
  end,
}

M.guid = {
  expected = 'guid',
  fits = function(text) return #text == 32 and not text:find('[^A-Z2-7]') end,
}

M.url = {
  expected = 'url',
  fits = function(text) return text:find('^%a[%w+.-]*://[^%s/][^%s]*$') ~= nil end,
}

M.path = {
  expected = 'path',
  fits = function(text) return text ~= '' and not text:find('%z') end,
}

M.absolute_path = {
  expected = 'absolute-path',
  fits = function(text) return M.path.fits(text) and text:sub(1, 1) == '/' end,
}

M.pointer = {
  expected = 'pointer',
  fits = function(text) return pointer.split(text) ~= nil end,
}

local DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_offset(text)
  if text == 'Z' or text == 'z' then return true end
  local hours, minutes = text:match('^[+-](%d%d):(%d%d)$')
  return hours ~= nil and tonumber(hours) < 24 and tonumber(minutes) < 60
end

M.datetime = {
  expected = 'datetime',
  fits = function(text)
    local _, month, day, hour, minute, second, rest =
      text:match('^(%d%d%d%d)-(%d%d)-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.+)$')
    if not month then return false end
    local last = DAYS[tonumber(month)]
    return last ~= nil and tonumber(day) >= 1 and tonumber(day) <= last and tonumber(hour) < 24
      and tonumber(minute) < 60 and tonumber(second) <= 60 and is_offset((rest:gsub('^%.%d+', '')))
  end,
}

return M
