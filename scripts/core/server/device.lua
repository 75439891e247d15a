--- `server.device-info`: what machine this is.
local daemon = require('engine.daemon')
local device = require('service.device')
local display = require('lib.display')
local file = require('engine.file')
local null = require('lib.null')
local rpc = require('lib.rpc')
local t = rpc.types

local HARDWARE = t.object{ fields = {
  class = t.enum{ 'processor', 'display' }, product = t.nullable(t.string),
  vendor = t.nullable(t.string), capabilities = t.array{ of = t.string },
  driver = t.optional(t.nullable(t.string)),
} }

local SCHEMA = t.object{ fields = {
  name = t.string, system = t.string, kernel = t.string, processors = t.integer,
  os = t.object{ fields = { version = t.string, compat = t.string, platform = t.string,
    language = t.string } },
  hardware = t.object{ fields = { arch = t.string, ram = t.integer,
    devices = t.array{ of = HARDWARE } } },
} }

local function system_name()
  local text = file.read('/etc/os-release') or ''
  return text:match('PRETTY_NAME="([^"]*)"') or text:match('\nNAME="?([^"\n]*)') or 'Linux'
end

local function count(text, pattern)
  local _, found = text:gsub(pattern, '')
  return found
end

--- *async*
local function info()
  local found = device.info()
  found.name = (file.read('/proc/sys/kernel/hostname') or ''):gsub('%s+$', '')
  found.system = system_name()
  found.kernel = daemon.info().kernel or ''
  found.processors = count('\n' .. (file.read('/proc/cpuinfo') or ''), '\nprocessor%s*:')
  return found
end

local function title(hardware)
  local words = {}
  for _, key in ipairs({ 'vendor', 'product' }) do
    if not null.is_null(hardware[key]) then words[#words + 1] = hardware[key] end
  end
  return table.concat(words, ' ')
end

local function show(_params, found, out)
  local rows = {
    { 'name', found.name }, { 'system', found.system }, { 'kernel', found.kernel },
    { 'version', found.os.version }, { 'runs packages for', found.os.compat },
    { 'platform', found.os.platform }, { 'language', found.os.language },
    { 'arch', found.hardware.arch }, { 'ram', display.bytes(found.hardware.ram) },
    { 'processors', found.processors },
  }
  for _, each in ipairs(found.hardware.devices) do
    rows[#rows + 1] = { each.class, title(each) }
  end
  out:block(rows)
end

return rpc.from_fn_async(info)
  :with_result(SCHEMA)
  :with_metadata('read_only', true)
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.server.device-info')
  :with_call_remote('CliContext')
