--- `server.device-info`: what machine this is.
local daemon = require('engine.daemon')
local file = require('engine.file')
local json = require('engine.json')
local rpc = require('lib.rpc')
local store = require('engine.store')
local t = rpc.types

local M = {}

M.SCHEMA = t.object{ fields = {
  name = t.string, os = t.string, kernel = t.string, version = t.string, language = t.string,
  arch = t.string, ram = t.integer, processors = t.integer, devices = t.array{ of = t.string },
} }

local function os_name()
  local text = file.read('/etc/os-release') or ''
  return text:match('PRETTY_NAME="([^"]*)"') or text:match('\nNAME="?([^"\n]*)') or 'Linux'
end

local function count(text, pattern)
  local _, found = text:gsub(pattern, '')
  return found
end

--- Names of block devices and graphics cards that packages may be given.
local function devices()
  local list = json.array({})
  for _, folder in ipairs({ '/sys/class/block', '/sys/class/drm' }) do
    for _, entry in ipairs(file.list(folder) or {}) do
      local name = entry.name
      local virtual = name:find('^loop') or name:find('^z?ram') or name == 'version'
      if not virtual then
        list[#list + 1] = name
      end
    end
  end
  return list
end

--- *async*
function M.info()
  local told = daemon.info()
  local kib = tonumber((file.read('/proc/meminfo') or ''):match('MemTotal:%s+(%d+)')) or 0
  local host = (file.read('/proc/sys/kernel/hostname') or ''):gsub('%s+$', '')
  return {
    name = host, os = os_name(), kernel = told.kernel or '', version = told.version,
    language = store.get('/public/serverInfo/language') or 'en_US', arch = told.arch or '',
    ram = kib * 1024, processors = count('\n' .. (file.read('/proc/cpuinfo') or ''),
      '\nprocessor%s*:'), devices = devices(),
  }
end

return M
