--- A CLI environment that keeps what it is told and what is printed.
local json = require('engine.json')

local M = {}

--- `answer(method, params, options)` plays the daemon.
---@param answer? fun(method: string, params: table, options: table): any, table?
function M.environment(answer)
  local env = { calls = {}, printed = '', complained = '', json = json }
  env.out = { write = function(text)
    env.printed = env.printed .. text
    return true
  end }
  env.err = { write = function(text) env.complained = env.complained .. text end }
  function env.call(method, params, options)
    env.calls[#env.calls + 1] = { method = method, params = params, options = options }
    if answer then return answer(method, params, options) end
    return params
  end
  function env.exit_code(code)
    return ({ usage = 2, invalid_params = 2, not_found = 9 })[code] or 1
  end
  function env.read_stdin() return env.stdin end
  function env.read_file(path)
    local text = env.files and env.files[path]
    if not text then return nil, { code = 'not_found', message = path .. ' is not there' } end
    return text
  end
  return env
end

return M
