--- `call.device`: what the client says about the machine it asks for, from the header
--- `X-StartOS-Device-Info`: form-urlencoded `os.version`, `os.compat`, `os.platform`, optionally
--- `os.language`.
local form = require('lib.form')

local M = {}

M.name = 'device_info'

M.keys = { get_device_info = { type = 'boolean', default = false } }

function M.applies(metadata) return metadata.get_device_info end

function M.request(call)
  local header = call.http and call.http.headers['x-startos-device-info']
  if not header then return nil end
  local fields = form.decode(header)
  if not fields or not (fields['os.version'] and fields['os.compat'] and fields['os.platform']) then
    return { error = { code = 'invalid_request', message = 'X-StartOS-Device-Info is malformed',
      hint = 'send os.version, os.compat and os.platform, form-urlencoded' } }
  end
  call.device = { os = { version = fields['os.version'], compat = fields['os.compat'],
    platform = fields['os.platform'], language = fields['os.language'] } }
end

return M
