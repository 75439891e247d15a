--- Files of a volume.
local world = require('runtime.world')

---@class runtime.Volume
---@field id string
local Volume = {}
Volume.__index = Volume

local M = {}

---@param id string as in the manifest
---@return runtime.Volume
function M.open(id)
  if type(id) ~= 'string' or not id:match('^[%w][%w-]*$') then
    error("a volume id such as 'main' expected", 2)
  end
  return setmetatable({ id = id }, Volume)
end

--- Where a file lies, for use outside of subcontainers.
---@param path? string below the volume
function Volume:path(path)
  if path and (('/' .. path .. '/'):find('/../', 1, true)) then
    error("'..' leads out of the volume", 2)
  end
  return world.volume(self.id) .. (path and '/' .. path or '')
end

--- The content of a file; nil without an error when there is none. *async*
---@param path string
---@return string? content
---@return engine.Error? err
function Volume:read(path)
  local content, err = world.file.read(self:path(path))
  if not content and err and err.code == 'not_found' then return nil end
  return content, err
end

--- Replaces a file in one step; its directories are made. *async*
---@param path string
---@param content string
---@param mode? integer permission bits, default 0644
---@return true? ok
---@return engine.Error? err
function Volume:write(path, content, mode)
  local full = self:path(path)
  local made, err = world.file.mkdir((full:gsub('/[^/]*$', '')))
  if not made then return nil, err end
  return world.file.write(full, content, mode)
end

--- *async*
---@param path string
function Volume:exists(path)
  return (world.file.stat(self:path(path))) ~= nil
end

--- *async*
---@param path string
function Volume:remove(path) return world.file.remove(self:path(path), { recursive = true }) end

return M
