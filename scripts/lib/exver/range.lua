--- Version ranges as data: how they are made, and whether a version is in one.
local bound = require('lib.exver.bound')
local order = require('lib.exver.order')

local M = {}

---@class lib.exver.Range
---@field kind 'any'|'none'|'flavor'|'not'|'and'|'or'|'anchor'
---@field flavor? string Kind flavor; nil: no flavor
---@field of? lib.exver.Range Kind not
---@field left? lib.exver.Range Kinds and, or
---@field right? lib.exver.Range
---@field operator? '='|'!='|'>'|'<'|'>='|'<='|'^'|'~' Kind anchor
---@field version? lib.exver.Version

M.ANY = { kind = 'any' }
M.NONE = { kind = 'none' }

---@param name? string Nil: versions without a flavor
function M.flavor(name) return { kind = 'flavor', flavor = name } end

---@param operator string
---@param version lib.exver.Version
function M.anchor(operator, version)
  return { kind = 'anchor', operator = operator, version = version }
end

--- As written, without simplifying.
---@param kind 'and'|'or'
function M.pair(kind, left, right) return { kind = kind, left = left, right = right } end

--- As written.
function M.negation(of) return { kind = 'not', of = of } end

--- Both; any and none are folded away.
---@param left lib.exver.Range
---@param right lib.exver.Range
---@return lib.exver.Range
function M.both(left, right)
  if left.kind == 'any' or right.kind == 'none' then return right end
  if right.kind == 'any' or left.kind == 'none' then return left end
  return M.pair('and', left, right)
end

--- Either; any and none are folded away.
---@param left lib.exver.Range
---@param right lib.exver.Range
---@return lib.exver.Range
function M.either(left, right)
  if left.kind == 'none' or right.kind == 'any' then return right end
  if right.kind == 'none' or left.kind == 'any' then return left end
  return M.pair('or', left, right)
end

local INVERSE = { ['='] = '!=', ['!='] = '=' }

--- The opposite, with the negation at the leaves.
---@param range lib.exver.Range
---@return lib.exver.Range
function M.negate(range)
  if range.kind == 'not' then return range.of end
  if range.kind == 'any' then return M.NONE end
  if range.kind == 'none' then return M.ANY end
  if range.kind == 'and' then return M.either(M.negate(range.left), M.negate(range.right)) end
  if range.kind == 'or' then return M.both(M.negate(range.left), M.negate(range.right)) end
  local inverse = range.kind == 'anchor' and INVERSE[range.operator]
  if inverse then return M.anchor(inverse, range.version) end
  return M.negation(range)
end

--- `^` and `~` as what they stand for, negations at the leaves, any and none folded away.
---@param range lib.exver.Range
---@param full? boolean Upper bounds have as many integers as their version
---@return lib.exver.Range
function M.expand(range, full)
  if range.kind == 'not' then return M.negate(M.expand(range.of, full)) end
  if range.kind == 'and' then
    return M.both(M.expand(range.left, full), M.expand(range.right, full))
  end
  if range.kind == 'or' then
    return M.either(M.expand(range.left, full), M.expand(range.right, full))
  end
  if range.operator ~= '^' and range.operator ~= '~' then return range end
  local version = range.version
  local upper = bound.upper(range.operator, version, full and #version.upstream.numbers)
  local lower = M.anchor('>=', version)
  return upper and M.both(lower, M.anchor('<', upper)) or lower
end

local HOLDS = {
  ['='] = function(relation) return relation == 0 end,
  ['!='] = function(relation) return relation ~= 0 end,
  ['>'] = function(relation) return relation == 1 end,
  ['<'] = function(relation) return relation == -1 end,
  ['>='] = function(relation) return relation == 0 or relation == 1 end,
  ['<='] = function(relation) return relation == 0 or relation == -1 end,
}

local function satisfies_anchor(version, range)
  local relation = order.compare(version, range.version)
  local holds = HOLDS[range.operator]
  if holds then return holds(relation) end
  if not HOLDS['>='](relation) then return false end
  local upper = bound.upper(range.operator, range.version)
  return upper == nil or order.compare(version, upper) == -1
end

---@param version lib.exver.Version
---@param range lib.exver.Range
---@return boolean
function M.satisfies(version, range)
  local kind = range.kind
  if kind == 'anchor' then return satisfies_anchor(version, range) end
  if kind == 'and' then
    return M.satisfies(version, range.left) and M.satisfies(version, range.right)
  end
  if kind == 'or' then
    return M.satisfies(version, range.left) or M.satisfies(version, range.right)
  end
  if kind == 'not' then return not M.satisfies(version, range.of) end
  if kind == 'flavor' then return version.flavor == range.flavor end
  return kind == 'any'
end

return M
