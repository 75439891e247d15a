--- What follows a version: the upper bounds of `^` and `~`, and the next major and minor one.
local integer = require('lib.exver.integer')

local M = {}

local ZERO = { numbers = { '0' }, prerelease = {} }

-- The least of all downstream versions, and the prerelease of the least upstream version there is
-- with given integers.
local LEAST = { '0' }
local LEAST_DOWNSTREAM = { numbers = { '0' }, prerelease = LEAST }

--- Where the first integer is that is not 0, or 1: trailing zeros say nothing.
local function first_significant(numbers)
  for i, value in ipairs(numbers) do
    if value ~= '0' then return i end
  end
  return 1
end

--- The integers up to `at`, with the last of them increased. Where no integer is greater, the one
--- before it is increased, and `carried` says so; nil when there is none before it.
local function increased(numbers, at)
  for i = at, 1, -1 do
    local value = integer.increment(numbers[i] or '0')
    if value then
      local out = {}
      for j = 1, i - 1 do
        out[j] = numbers[j] or '0'
      end
      out[i] = value
      return out, i < at
    end
  end
end

local function lengthened(numbers, length)
  for i = #numbers + 1, length do
    numbers[i] = '0'
  end
  return numbers
end

--- The version below which all versions lie that `^version` or `~version` accepts; nil when nothing
--- lies above. It keeps the prerelease.
---@param operator '^'|'~'
---@param version lib.exver.Version
---@param length? integer With at least so many integers, zeros at the end
---@return lib.exver.Version?
function M.upper(operator, version, length)
  local at = first_significant(version.upstream.numbers) + (operator == '~' and 1 or 0)
  local numbers, carried = increased(version.upstream.numbers, at)
  if not numbers then return nil end
  return {
    flavor = version.flavor,
    upstream = { numbers = lengthened(numbers, length or 0),
      prerelease = carried and LEAST or version.upstream.prerelease },
    downstream = carried and LEAST_DOWNSTREAM or ZERO,
  }
end

--- The next version that breaks (`^`) or adds (`~`); nil when there is none.
---@param operator '^'|'~'
---@param version lib.exver.Version
---@return lib.exver.Version?
function M.next(operator, version)
  local upper = M.upper(operator, version, #version.upstream.numbers)
  if not upper then return nil end
  upper.upstream.prerelease, upper.downstream = {}, ZERO
  return upper
end

return M
