--- A text that stands on a terminal and changes: only the lines that are new are written again.
local text = require('lib.text')

local M = {}

---@class lib.Live
---@field private out lib.cli.Out
---@field private lines string[] As they stand there
local Live = {}
Live.__index = Live

---@param out lib.cli.Out
---@return lib.Live
function M.on(out) return setmetatable({ out = out, lines = {} }, Live) end

local function lines_of(whole, width)
  local lines = {}
  for line in whole:gmatch('([^\n]*)\n') do
    lines[#lines + 1] = width and text.cut(line, width) or line
  end
  return lines
end

--- Shows the text, which ends with a line feed, in place of the one before.
---@param whole string
---@return boolean? written Not when nobody reads it any more
function Live:show(whole)
  local before, now = self.lines, lines_of(whole, self.out.width)
  local parts, changed = {}, #before ~= #now
  if #before > 0 then parts[1] = ('\27[%dA'):format(#before) end
  for i = 1, math.max(#before, #now) do
    local same = now[i] ~= nil and now[i] == before[i]
    changed = changed or not same
    parts[#parts + 1] = same and '\n' or '\r' .. (now[i] or '') .. '\27[K\n'
  end
  if #now < #before then parts[#parts + 1] = ('\27[%dA'):format(#before - #now) end
  self.lines = now
  return not changed or self.out:write(table.concat(parts))
end

return M
