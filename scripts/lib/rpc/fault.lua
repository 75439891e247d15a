--- Load errors of the handler tree: they name file, line and the mend.
local names = require('lib.names')
local where = require('lib.rpc.where')

local M = {}

local Fault = {}
Fault.__index = Fault
Fault.__tostring = function(fault) return fault.message end

--- Raises a load error.
---@param at lib.rpc.Where|{at: lib.rpc.Where} A place, or a node whose chain is being written: then
--- the place is found only now, because finding it costs more than all the rest of a declaration
---@param problem string What is wrong
---@param mend string What to do about it
function M.raise(at, problem, mend)
  if at.at then at = where.near(at.at) end
  local message = ('%s:%d: %s (%s)'):format(at.file, at.line, problem, mend)
  local details = { file = at.file, line = at.line, mend = mend }
  error(setmetatable({ code = 'script', message = message, details = details }, Fault), 0)
end

--- What to do about a name that is not there.
---@param word string
---@param known string[] In order
---@param what string Such as `known keys`
---@return string
function M.meant(word, known, what)
  local near = names.nearest(word, known)
  if near then return ("did you mean '%s'?"):format(near) end
  return ('%s: %s'):format(what, table.concat(known, ', '))
end

return M
