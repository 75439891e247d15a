--- What changed between two texts, line by line.
local M = {}

local function lines_of(text)
  local lines = {}
  for line in (text .. '\n'):gmatch('([^\n]*)\n') do
    lines[#lines + 1] = line
  end
  return lines
end

--- Lengths of the longest common part of every pair of tails.
local function common_tails(a, b)
  local lengths = {}
  for i = #a + 1, 1, -1 do
    lengths[i] = {}
    for j = #b + 1, 1, -1 do
      if i > #a or j > #b then
        lengths[i][j] = 0
      elseif a[i] == b[j] then
        lengths[i][j] = lengths[i + 1][j + 1] + 1
      else
        lengths[i][j] = math.max(lengths[i + 1][j], lengths[i][j + 1])
      end
    end
  end
  return lengths
end

--- Lines of both texts: `- ` is in the first only, `+ ` in the second only.
---@param before string
---@param after string
---@return string[]
function M.lines(before, after)
  local a, b = lines_of(before), lines_of(after)
  local tails, out, i, j = common_tails(a, b), {}, 1, 1
  while i <= #a or j <= #b do
    if i <= #a and j <= #b and a[i] == b[j] then
      out[#out + 1] = '  ' .. a[i]
      i, j = i + 1, j + 1
    elseif j > #b or (i <= #a and tails[i + 1][j] >= tails[i][j + 1]) then
      out[#out + 1] = '- ' .. a[i]
      i = i + 1
    else
      out[#out + 1] = '+ ' .. b[j]
      j = j + 1
    end
  end
  return out
end

return M
