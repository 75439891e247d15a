--- Who may read which part of the document.
---
--- Root and the daemon's user at the Unix socket read everything: they could read the file, too.
--- Everybody else reads what is below `/public`; a session that was begun with a list of pointers
--- (`auth.login {read}`) what is below one of them. One rule for every way to read: dump, get,
--- subscribe, watch, history.
local auth = require('middleware.auth')
local pointer = require('lib.pointer')

local M = {}

local PUBLIC = { '/public' }

--- The pointers below which the caller may read; nil: everything.
---@param call table
---@return string[]?
function M.scopes(call)
  if auth.is_local(call) then return nil end
  return call.session and call.session.read or PUBLIC
end

local function is_below(tokens, above)
  for i, token in ipairs(above) do
    if tokens[i] ~= token then return false end
  end
  return true
end

--- Whether the caller may read what a pointer, which may have wildcards, names.
---@param call table
---@param at string
---@return true? allowed
---@return table? err `authorization`, `invalid_params`
function M.check_read(call, at)
  local tokens, problem = pointer.split(at)
  if not tokens then return nil, { code = 'invalid_params', message = 'pointer: ' .. problem } end
  local scopes = M.scopes(call)
  if not scopes then return true end
  for _, scope in ipairs(scopes) do
    if tokens[1] == 'public' and is_below(tokens, pointer.split(scope) or { false }) then
      return true
    end
  end
  return nil, { code = 'authorization',
    message = ('only %s may be read by this caller'):format(table.concat(scopes, ', ')),
    hint = 'moon-cli db dump reads everything, on the host itself' }
end

return M
