--- The line of all versions of one flavor, cut into stretches on which a range holds or does not.
---
--- Versions are taken to lie densely: between two different ones there is another.
local order = require('lib.exver.order')

local M = {}

---@class lib.exver.Point Just before (-1) or just after (1) a version
---@field version lib.exver.Version
---@field side -1|1

---@class lib.exver.Stretches
---@field points lib.exver.Point[] ascending
---@field values boolean[] one more than points: between them, and at both ends

--- The whole line.
---@param value boolean
---@return lib.exver.Stretches
function M.whole(value) return { points = {}, values = { value } } end

local function cut(version, side, before)
  return { points = { { version = version, side = side } }, values = { before, not before } }
end

local CUTS = {
  ['>='] = { -1, false }, ['>'] = { 1, false }, ['<'] = { -1, true }, ['<='] = { 1, true },
}

--- Where a comparison with a version holds.
---@param operator '>='|'>'|'<'|'<='|'='|'!='
---@param version lib.exver.Version
---@return lib.exver.Stretches
function M.comparison(operator, version)
  local one = CUTS[operator]
  if one then return cut(version, one[1], one[2]) end
  local equal = operator == '='
  return { points = { { version = version, side = -1 }, { version = version, side = 1 } },
    values = { not equal, equal, not equal } }
end

--- No point lies behind all points.
local function compare(a, b)
  if not a or not b then return a and -1 or 1 end
  local relation = order.within_flavor(a.version, b.version)
  if relation ~= 0 then return relation end
  return a.side == b.side and 0 or a.side < b.side and -1 or 1
end

--- What `fn` makes of both, stretch by stretch. Of equal points the left one is kept.
---@param a lib.exver.Stretches
---@param b lib.exver.Stretches
---@param fn fun(left: boolean, right: boolean): boolean
---@return lib.exver.Stretches
function M.combine(a, b, fn)
  local points, values, i, j = {}, {}, 1, 1
  while true do
    local value = fn(a.values[i], b.values[j])
    if #values > 0 and values[#values] == value then
      points[#points] = nil
    else
      values[#values + 1] = value
    end
    local left, right = a.points[i], b.points[j]
    if not left and not right then return { points = points, values = values } end
    local relation = compare(left, right)
    points[#points + 1] = relation <= 0 and left or right
    if relation <= 0 then i = i + 1 end
    if relation >= 0 then j = j + 1 end
  end
end

function M.both(a, b)
  return M.combine(a, b, function(left, right) return left and right end)
end

function M.either(a, b)
  return M.combine(a, b, function(left, right) return left or right end)
end

---@param stretches lib.exver.Stretches
---@param value boolean
---@return boolean
function M.has(stretches, value)
  for _, each in ipairs(stretches.values) do
    if each == value then return true end
  end
  return false
end

return M
