--- Extended versions (`[#flavor:]upstream:downstream`) and version ranges: the one implementation
--- moonbox compares versions with.
---
---     exver.satisfies('1.2.3:0', '>=1.2 && <2')   --> true
---
--- Versions and ranges are given as text, or as what `version` and `range` read from it. For text
--- that is wrong there is `nil, err` of code `parse_version`, `details` {text, reason, position}.
--- Values are never changed once they are made.
local bound = require('lib.exver.bound')
local normalize = require('lib.exver.normalize')
local order = require('lib.exver.order')
local parse = require('lib.exver.parse')
local print_as = require('lib.exver.print')
local range_of = require('lib.exver.range')
local satisfiable = require('lib.exver.satisfiable')

local M = {}

---@class lib.exver.Plain
---@field numbers string[] Decimal, as many as were written
---@field prerelease string[] Those of digits alone are numbers

---@class lib.exver.Version
---@field flavor? string
---@field upstream lib.exver.Plain
---@field downstream lib.exver.Plain

---@alias lib.exver.AnyVersion string|lib.exver.Version
---@alias lib.exver.AnyRange string|lib.exver.Range

--- Reads an extended version.
---@param value lib.exver.AnyVersion
---@return lib.exver.Version?
---@return engine.Error? err
function M.version(value)
  if type(value) == 'string' then return parse.version(value) end
  return value
end

--- Reads a version range.
---@param value lib.exver.AnyRange
---@return lib.exver.Range?
---@return engine.Error? err
function M.range(value)
  if type(value) == 'string' then return parse.range(value) end
  return value
end

--- Reads a plain version, such as that of an operating system, as the extended version that ranges
--- compare it as: no flavor, downstream 0.
---@param text string
---@return lib.exver.Version?
---@return engine.Error? err
function M.plain(text)
  local upstream, err = parse.plain(text)
  if not upstream then return nil, err end
  return { upstream = upstream, downstream = { numbers = { '0' }, prerelease = {} } }
end

local function two(read_a, a, read_b, b, fn)
  local left, err = read_a(a)
  if not left then return nil, err end
  local right, wrong = read_b(b)
  if not right then return nil, wrong end
  return fn(left, right)
end

--- Nil without an error when the flavors differ: neither is greater, and they are not equal.
---@param a lib.exver.AnyVersion
---@param b lib.exver.AnyVersion
---@return -1|0|1|nil order
---@return engine.Error? err
function M.compare(a, b) return two(M.version, a, M.version, b, order.compare) end

--- The order of sorted lists: flavors by name, versions without one last.
---@param a lib.exver.AnyVersion
---@param b lib.exver.AnyVersion
---@return -1|0|1|nil order
---@return engine.Error? err
function M.order(a, b) return two(M.version, a, M.version, b, order.total) end

---@param version lib.exver.AnyVersion
---@param range lib.exver.AnyRange
---@return boolean? satisfies
---@return engine.Error? err
function M.satisfies(version, range)
  return two(M.version, version, M.range, range, range_of.satisfies)
end

--- Whether any version at all is in the range.
---@param range lib.exver.AnyRange
---@return boolean? satisfiable
---@return engine.Error? err
function M.satisfiable(range)
  local read, err = M.range(range)
  if not read then return nil, err end
  return satisfiable.of(read)
end

--- Whether any version is in both ranges.
---@param a lib.exver.AnyRange
---@param b lib.exver.AnyRange
---@return boolean? intersects
---@return engine.Error? err
function M.intersects(a, b)
  return two(M.range, a, M.range, b, function(left, right)
    return satisfiable.of(range_of.both(left, right))
  end)
end

--- The same range as a sum of products: stretches of versions by flavor.
---@param range lib.exver.AnyRange
---@return lib.exver.Range?
---@return engine.Error? err also for a range that names too many flavors
function M.normalize(range)
  local read, err = M.range(range)
  if not read then return nil, err end
  local fine, result = pcall(normalize.of, read)
  if fine then return result end
  if type(result) ~= 'table' then error(result, 0) end
  return nil, result
end

--- A version or a range as text; a range as it was written.
---@param value lib.exver.Version|lib.exver.Plain|lib.exver.Range
---@return string
function M.print(value)
  if value.numbers then return print_as.plain(value) end
  return value.upstream and print_as.version(value) or print_as.source(value)
end

--- A range as daemons write it in JSON: `^` and `~` expanded, negations at the leaves.
---@param range lib.exver.AnyRange
---@return string? text
---@return engine.Error? err
function M.wire(range)
  local read, err = M.range(range)
  if not read then return nil, err end
  return print_as.wire(read)
end

local function next_version(operator, what)
  return function(version)
    local read, err = M.version(version)
    if not read then return nil, err end
    local found = bound.next(operator, read)
    if found then return found end
    return nil, { code = 'parse_version', message = ('no %s version follows %s'):format(what,
      print_as.version(read)) }
  end
end

--- The first version `^version` leaves out: `1.2.3-beta:4` gives `2.0.0:0`.
---@type fun(version: lib.exver.AnyVersion): lib.exver.Version?, engine.Error?
M.increment_major = next_version('^', 'major')

--- The same of `~`: `1.2.3:4` gives `1.3.0:0`.
---@type fun(version: lib.exver.AnyVersion): lib.exver.Version?, engine.Error?
M.increment_minor = next_version('~', 'minor')

--- Every version, and none.
M.ANY, M.NONE = range_of.ANY, range_of.NONE

--- The versions of one flavor; nil: those without.
---@type fun(name?: string): lib.exver.Range
M.flavor = range_of.flavor

--- The versions in every range of a list.
---@param ranges lib.exver.Range[]
---@return lib.exver.Range
function M.all_of(ranges)
  local out = M.ANY
  for _, range in ipairs(ranges) do
    out = range_of.both(out, range)
  end
  return out
end

--- The versions in any range of a list.
---@param ranges lib.exver.Range[]
---@return lib.exver.Range
function M.any_of(ranges)
  local out = M.NONE
  for _, range in ipairs(ranges) do
    out = range_of.either(out, range)
  end
  return out
end

--- The versions that are not in a range.
---@type fun(range: lib.exver.Range): lib.exver.Range
M.negate = range_of.negate

--- A comparison.
---@type fun(operator: string, version: lib.exver.Version): lib.exver.Range
M.anchor = range_of.anchor

return M
