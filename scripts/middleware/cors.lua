--- Which web pages may use the API from a browser: those of the same origin, and those of the
--- origins in the setting `allowedOrigins`. To all others no header is given, and the cookies their
--- requests carry do not count (`trusts`).
local settings = require('middleware.settings')

local M = {}

M.name = 'cors'

M.keys = {}

--- Programs name no origin, and do not pay for it.
function M.concerns(call)
  local http = call.http
  return http and http.headers.origin
end

-- Pages may read the headers of any answer, of failed calls too.
M.after_raise = true

local METHODS = 'POST, GET, OPTIONS'
local REQUEST_HEADERS = 'Content-Type, Accept-Language, X-StartOS-Auth-Sig, X-Moonbox-Auth-Sig, '
  .. 'X-StartOS-Device-Info'
local RESPONSE_HEADERS = 'X-Patch-Sequence, Retry-After'
local PREFLIGHT_SECONDS = 600

local function is_allowed(http, origin)
  local host = http.headers.host
  local scheme = http.secure and 'https://' or 'http://'
  if host and origin:lower() == (scheme .. host):lower() then return true end
  for _, one in ipairs(settings.allowed_origins()) do
    if one == origin then return true end
  end
  return false
end

--- Whether the cookies of a call count: a browser that acts for a foreign page says so.
---@param call table
---@return boolean
function M.trusts(call)
  local origin = call.http and call.http.headers.origin
  return not origin or is_allowed(call.http, origin)
end

local function add(call, name, value)
  call.response = call.response or {}
  call.response.headers = call.response.headers or {}
  table.insert(call.response.headers, { name, value })
end

function M.response(call)
  local http = call.http
  local origin = http and http.headers.origin
  if not origin then return end
  add(call, 'Vary', 'Origin')
  if not is_allowed(http, origin) then return end
  add(call, 'Access-Control-Allow-Origin', origin)
  add(call, 'Access-Control-Allow-Credentials', 'true')
  if http.method == 'OPTIONS' then
    add(call, 'Access-Control-Allow-Methods', METHODS)
    add(call, 'Access-Control-Allow-Headers', REQUEST_HEADERS)
    add(call, 'Access-Control-Max-Age', tostring(PREFLIGHT_SECONDS))
  else
    add(call, 'Access-Control-Expose-Headers', RESPONSE_HEADERS)
  end
end

return M
