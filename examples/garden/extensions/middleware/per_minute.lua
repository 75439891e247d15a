--- A limit for methods marked `:with_metadata('per_minute', 10)`: so many calls of one user in a
--- minute. All workers count together: the numbers are in `engine.state`, not in a Lua variable.
local loop = require('engine.loop')
local state = require('engine.state')

local M = {}

M.name = 'per-minute'

--- The metadata this middleware reads; any other key is a load error.
M.keys = { per_minute = { type = 'number', default = 0 } }

--- Asked once, when scripts are loaded: methods without the mark pay nothing.
function M.applies(metadata) return metadata.per_minute > 0 end

--- Before the handler; an answer ends the call.
function M.request(call, _params, metadata, method)
  local who = call.peer and call.peer.uid or call.session and call.session.id or 'nobody'
  local minute = math.floor(loop.time() / 60)
  local name = ('per-minute.%s.%s'):format(method.method, who)
  local seen = state.get(name) or {}
  local count = seen.minute == minute and seen.count + 1 or 1
  state.set(name, { minute = minute, count = count })
  if count <= metadata.per_minute then return nil end
  return { error = { code = 'rate_limited',
    message = ('%s: no more than %d calls a minute'):format(method.method, metadata.per_minute),
    details = { retryAfterMs = (60 - loop.time() % 60) * 1000 } } }
end

return M
