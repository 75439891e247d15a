--- Whether any version is in a range: asked for each flavor it names and for one it does not.
local range_of = require('lib.exver.range')
local stretches = require('lib.exver.stretches')

local M = {}

-- Stands for the flavors a range does not name; no flavor has such a name.
local OTHER = '?'

local function collect(range, into)
  if range.kind == 'flavor' then into[range.flavor or ''] = true end
  if range.kind == 'anchor' then into[range.version.flavor or ''] = true end
  if range.left then
    collect(range.left, into)
    collect(range.right, into)
  end
  if range.of then collect(range.of, into) end
  return into
end

local function leaf(range, flavor)
  if range.kind ~= 'anchor' then
    return stretches.whole(range.kind == 'any'
      or range.kind == 'flavor' and (range.flavor or '') == flavor)
  end
  if (range.version.flavor or '') ~= flavor then return stretches.whole(range.operator == '!=') end
  return stretches.comparison(range.operator, range.version)
end

local function within(range, flavor)
  if range.kind == 'and' then
    return stretches.both(within(range.left, flavor), within(range.right, flavor))
  end
  if range.kind == 'or' then
    return stretches.either(within(range.left, flavor), within(range.right, flavor))
  end
  if range.kind ~= 'not' then return leaf(range, flavor) end
  local inside = within(range.of, flavor)
  return stretches.combine(inside, inside, function(value) return not value end)
end

--- Exact for lines on which versions lie densely.
---@param range lib.exver.Range
---@return boolean
function M.of(range)
  local expanded = range_of.expand(range)
  for flavor in pairs(collect(expanded, { [OTHER] = true })) do
    if stretches.has(within(expanded, flavor), true) then return true end
  end
  return false
end

return M
