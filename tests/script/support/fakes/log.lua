--- engine.log that keeps what is written: `M.lines` of {level, target, message, fields}.
local M = { lines = {} }

for _, level in ipairs({ 'debug', 'info', 'warn', 'error' }) do
  M[level] = function(target, message, fields)
    M.lines[#M.lines + 1] = { level = level, target = target, message = message, fields = fields }
  end
end

function M.hide() return true end

function M.unhide() end

return M
