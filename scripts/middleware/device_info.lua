--- `call.device`: what the client says about the machine it asks for (`lib.fit.Device`), from the
--- header `X-StartOS-Device-Info`: form-urlencoded `os.version`, `os.compat`, `os.platform`,
--- optionally `os.language`, and of old clients `hardware.arch` with `hardware.ram` in bytes.
local exver = require('lib.exver')
local form = require('lib.form')

local M = {}

M.name = 'device_info'

M.keys = { get_device_info = { type = 'boolean', default = false } }

function M.applies(metadata) return metadata.get_device_info end

local function malformed(hint)
  return { error = { code = 'invalid_request', message = 'X-StartOS-Device-Info is malformed',
    hint = hint } }
end

local function hardware(fields)
  local arch, ram = fields['hardware.arch'], fields['hardware.ram']
  if not arch then return nil end
  return { arch = arch, ram = ram and ram:find('^%d+$') and tonumber(ram) or nil }
end

function M.request(call)
  local header = call.http and call.http.headers['x-startos-device-info']
  if not header then return nil end
  local fields = form.decode(header)
  if not fields or not (fields['os.version'] and fields['os.compat'] and fields['os.platform']) then
    return malformed('send os.version, os.compat and os.platform, form-urlencoded')
  end
  local version, unread = exver.plain(fields['os.version'])
  if not version then return malformed('os.version: ' .. unread.message) end
  local compat, wrong = exver.range(fields['os.compat'])
  if not compat then return malformed('os.compat: ' .. wrong.message) end
  call.device = { os = { version = fields['os.version'], compat = fields['os.compat'],
    platform = fields['os.platform'], language = fields['os.language'] },
    hardware = hardware(fields) }
end

return M
