--- `call.user_agent`: what the client calls itself, kept with the session a login begins.
local M = {}

M.name = 'user_agent'

M.keys = {}

local LONGEST = 200

function M.applies(metadata) return metadata.login end

function M.request(call)
  local text = call.http and call.http.headers['user-agent']
  if text and not text:find('[^ -~]') then call.user_agent = text:sub(1, LONGEST) end
end

return M
