--- Load errors of the handler tree: they name file, line and the mend.
local M = {}

local Fault = {}
Fault.__index = Fault
Fault.__tostring = function(fault) return fault.message end

--- Raises a load error.
---@param at lib.rpc.Where
---@param problem string What is wrong
---@param mend string What to do about it
function M.raise(at, problem, mend)
  local message = ('%s:%d: %s (%s)'):format(at.file, at.line, problem, mend)
  local details = { file = at.file, line = at.line, mend = mend }
  error(setmetatable({ code = 'script', message = message, details = details }, Fault), 0)
end

return M
