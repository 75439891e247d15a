--- The service's log, which its operator and its author read: `moon-cli package logs`. What goes
--- wrong in the runtime stands there beside the output of the programs.
local world = require('runtime.world')

local M = {}

--- Writes the lines of a text.
---@param level 'info'|'warn'|'error'
---@param text string
---@param daemon? string The entry of the daemon set it is about
function M.write(level, text, daemon)
  for line in text:gmatch('[^\n]+') do
    world.ns.log({ message = line, level = level, daemon = daemon })
  end
end

--- The frames of a traceback that are the package's.
local function own_frames(trace)
  local lines = {}
  for line in (trace or ''):gmatch('[^\n]+') do
    if line:find('^%s*runtime/') then break end
    lines[#lines + 1] = '  ' .. line
  end
  return table.concat(lines, '\n')
end

--- Writes down that something of the package failed, and the way the error took.
---@param what string
---@param err engine.Error|any
function M.failure(what, err)
  local told = type(err) == 'table' and err or { message = tostring(err) }
  M.write('error', ('%s failed: %s'):format(what, told.message or told.code))
  M.write('error', own_frames(told.debug))
end

--- `print` for the package's code.
function M.print(...)
  local words = {}
  for i = 1, select('#', ...) do
    words[i] = tostring((select(i, ...)))
  end
  M.write('info', table.concat(words, '\t'))
end

return M
