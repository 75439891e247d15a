--- Versions and ranges as text. Ranges have two forms; each reads back with the same meaning.
local range_of = require('lib.exver.range')

local M = {}

---@param plain lib.exver.Plain
---@return string
function M.plain(plain)
  local text = table.concat(plain.numbers, '.')
  if #plain.prerelease == 0 then return text end
  return text .. '-' .. table.concat(plain.prerelease, '.')
end

---@param version lib.exver.Version
---@return string
function M.version(version)
  local text = M.plain(version.upstream) .. ':' .. M.plain(version.downstream)
  return version.flavor and ('#%s:%s'):format(version.flavor, text) or text
end

local function leaf(range)
  if range.kind == 'any' then return '*' end
  if range.kind == 'none' then return '!' end
  if range.kind == 'flavor' then return '#' .. (range.flavor or '') end
  return range.operator .. M.version(range.version)
end

--- Operands for which `needs` holds stand in parentheses.
local function operand(range, needs, print)
  local text = print(range)
  return needs and ('(%s)'):format(text) or text
end

local SOURCE_JOINTS = { ['and'] = ' && ', ['or'] = ' || ' }
local OPPOSITE = { ['and'] = 'or', ['or'] = 'and' }

--- As it was written, with the operators and downstream versions that were left out.
---@param range lib.exver.Range
---@return string
function M.source(range)
  local joint = SOURCE_JOINTS[range.kind]
  if joint then
    local other = OPPOSITE[range.kind]
    return operand(range.left, range.left.kind == other, M.source) .. joint
      .. operand(range.right, range.right.kind == other, M.source)
  end
  if range.kind ~= 'not' then return leaf(range) end
  local bare = range.of.kind == 'flavor' or range.of.kind == 'not'
  return '!' .. operand(range.of, not bare, M.source)
end

local WIRE_JOINTS = { ['and'] = ' ', ['or'] = ' || ' }
local GROUPED = { ['and'] = true, ['or'] = true, ['not'] = true, flavor = true }

local function print_expanded(range)
  local function inner(of) return operand(of, GROUPED[of.kind], print_expanded) end
  local joint = WIRE_JOINTS[range.kind]
  if joint then return inner(range.left) .. joint .. inner(range.right) end
  if range.kind == 'not' then return '!' .. inner(range.of) end
  return leaf(range)
end

--- As daemons write it in JSON: comparisons only, negations at the leaves.
---@param range lib.exver.Range
---@return string
function M.wire(range) return print_expanded(range_of.expand(range)) end

return M
