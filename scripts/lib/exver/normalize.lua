--- A range as a sum of products: for each flavor, the stretches on which it holds.
local list = require('lib.list')
local order = require('lib.exver.order')
local range_of = require('lib.exver.range')
local stretches = require('lib.exver.stretches')

local M = {}

--- Products of negated flavors double with every pair of them.
local MAX_CLASSES = 1024

---@class lib.exver.Class The flavor `exactly`, '' for none, or any but those of `except`
---@field exactly? string
---@field except? string[] in the order they were met

local function key_of(class)
  if class.exactly then return '=' .. class.exactly end
  local sorted = { unpack(class.except) }
  table.sort(sorted)
  return '!' .. table.concat(sorted, ',')
end

--- The flavors of both classes, or nil when there are none.
local function overlap(a, b)
  if a.exactly and b.exactly then return a.exactly == b.exactly and a or nil end
  if a.exactly then return not list.contains(b.except, a.exactly) and a or nil end
  if b.exactly then return not list.contains(a.except, b.exactly) and b or nil end
  local union = { unpack(a.except) }
  for _, flavor in ipairs(b.except) do
    if not list.contains(union, flavor) then union[#union + 1] = flavor end
  end
  return { except = union }
end

--- Stretches by class; classes of one map may overlap, and hold where any of them does.
local Map = {}
Map.__index = Map

local function new_map() return setmetatable({ list = {}, by_key = {} }, Map) end

function Map:add(class, line)
  local key = key_of(class)
  local entry = self.by_key[key]
  if entry then
    entry.line = stretches.either(line, entry.line)
    return
  end
  if #self.list == MAX_CLASSES then
    error({ code = 'parse_version', message = 'the range names too many flavors to be normalized',
      details = { reason = 'range' } }, 0)
  end
  entry = { class = class, line = line }
  self.list[#self.list + 1], self.by_key[key] = entry, entry
end

local function leaf_map(flavor, line, elsewhere)
  local map = new_map()
  map:add({ exactly = flavor }, line)
  map:add({ except = { flavor } }, stretches.whole(elsewhere))
  return map
end

local FLIPPED = { ['>='] = '<', ['<='] = '>', ['>'] = '<=', ['<'] = '>=' }

--- A leaf, or the opposite of one: where flavors differ, comparisons do not hold.
local function map_of_leaf(range, negated)
  if range.kind == 'flavor' then
    return leaf_map(range.flavor or '', stretches.whole(not negated), negated)
  end
  local operator = negated and FLIPPED[range.operator] or range.operator
  return leaf_map(range.version.flavor or '', stretches.comparison(operator, range.version),
    negated or operator == '!=')
end

local function both(a, b)
  local map = new_map()
  for _, left in ipairs(a.list) do
    for _, right in ipairs(b.list) do
      local class = overlap(left.class, right.class)
      if class then map:add(class, stretches.both(left.line, right.line)) end
    end
  end
  return map
end

local function either(a, b)
  local map = new_map()
  for _, source in ipairs({ a, b }) do
    for _, entry in ipairs(source.list) do
      map:add(entry.class, entry.line)
    end
  end
  return map
end

--- Of an expanded range, in which any and none stand alone if at all.
local function map_of(range)
  if range.kind == 'and' then return both(map_of(range.left), map_of(range.right)) end
  if range.kind == 'or' then return either(map_of(range.left), map_of(range.right)) end
  if range.kind == 'not' then return map_of_leaf(range.of, true) end
  return map_of_leaf(range, false)
end

local function flavor_atom(flavor) return range_of.flavor(flavor ~= '' and flavor or nil) end

local function lower(point)
  return range_of.anchor(point.side == -1 and '>=' or '>', point.version)
end

local function upper(point)
  return range_of.anchor(point.side == -1 and '<' or '<=', point.version)
end

local function is_single(left, right)
  return left and right and left.side == -1 and right.side == 1
    and order.within_flavor(left.version, right.version) == 0
end

--- One true stretch of a class, between two points that may be missing.
local function product(class, left, right)
  if is_single(left, right) then return range_of.anchor('=', left.version) end
  local out = range_of.ANY
  for _, flavor in ipairs(class.except or {}) do
    out = range_of.both(out, range_of.negation(flavor_atom(flavor)))
  end
  if left then out = range_of.both(out, lower(left)) end
  if right then out = range_of.both(out, upper(right)) end
  return out.kind == 'any' and flavor_atom(class.exactly) or out
end

local function sum(map)
  local out = range_of.NONE
  for _, entry in ipairs(map.list) do
    for i, value in ipairs(entry.line.values) do
      if value then
        out = range_of.either(out,
          product(entry.class, entry.line.points[i - 1], entry.line.points[i]))
      end
    end
  end
  return out
end

local function holds_everywhere(map)
  for _, entry in ipairs(map.list) do
    if stretches.has(entry.line, false) then return false end
  end
  return true
end

--- Raises `parse_version` for a range of very many flavors.
---@param range lib.exver.Range
---@return lib.exver.Range
function M.of(range)
  local expanded = range_of.expand(range, true)
  if expanded.kind == 'any' or expanded.kind == 'none' then return expanded end
  local map = map_of(expanded)
  return holds_everywhere(map) and range_of.ANY or sum(map)
end

return M
