--- Checkers of texts, numbers and whatever else has no members.
local base64 = require('lib.base64')
local duration = require('lib.duration')
local formats = require('lib.rpc.formats')
local names = require('lib.names')
local null = require('lib.null')
local problem_of = require('lib.rpc.problem')
local size = require('lib.size')

local fail, got, mismatch = problem_of.fail, problem_of.got, problem_of.mismatch

-- Code points, not bytes; a malformed byte counts as one.
local function length(value)
  local _, continuations = value:gsub('[\128-\191]', '')
  return #value - continuations
end

--- The problems of a text; nil where no rule can find any.
local function text_rules(schema)
  local options = schema.options
  local min, max, pattern = options.min_length, options.max_length, options.pattern
  if not (min or max or pattern) then return nil end
  return function(value)
    local problems = (min or max)
      and problem_of.miscounted(length(value), min, max, 'count-characters')
    if problems then return problems end
    if not pattern or value:find(pattern) then return nil end
    local hint = options.pattern_hint
    return { problem_of.of(hint and 'pattern-hint' or 'pattern',
      { hint = hint, pattern = pattern, got = got(value, schema) }) }
  end
end

local function string_checker(schema)
  local rules = text_rules(schema)
  return function(value)
    if type(value) ~= 'string' then return mismatch('a-string', value) end
    local problems = rules and rules(value)
    if problems then return nil, problems end
    return value
  end
end

local function unfit(expected, value, schema)
  return fail('form', { expected = { expected }, form = { expected .. '-form' },
    got = got(value, schema) })
end

local function format_checker(format, schema)
  local rules = text_rules(schema)
  return function(value)
    if type(value) ~= 'string' then return mismatch(format.expected, value) end
    if not format.fits(value) then return unfit(format.expected, value, schema) end
    local problems = rules and rules(value)
    if problems then return nil, problems end
    return value
  end
end

local function bytes_checker(schema, keep)
  local max = schema.options.max
  return function(value)
    if type(value) ~= 'string' then return mismatch('bytes', value) end
    local bytes = base64.decode(value)
    if not bytes then return unfit('bytes', value, schema) end
    local problems = problem_of.miscounted(#bytes, nil, max, 'count-bytes')
    if problems then return nil, problems end
    return keep and value or bytes
  end
end

local function out_of_range(value, schema)
  local min, max = schema.options.min, schema.options.max
  if min and value < min then
    return { problem_of.of('at-least', { limit = min, got = got(value, schema) }) }
  end
  if max and value > max then
    return { problem_of.of('at-most', { limit = max, got = got(value, schema) }) }
  end
end

local function is_finite(value)
  return type(value) == 'number' and value == value and value ~= math.huge and value ~= -math.huge
end

local function number_checker(schema, expected, integral)
  return function(value)
    if not is_finite(value) then return mismatch(expected, value) end
    if integral and value % 1 ~= 0 then
      return fail('mismatch', { expected = { expected }, got = got(value, schema) })
    end
    local problems = out_of_range(value, schema)
    if problems then return nil, problems end
    return value
  end
end

-- The ends of what 64 bits hold, as text: beyond 2^53 an integer reaches Lua as an opaque value.
local LARGEST, SMALLEST = '9223372036854775807', '9223372036854775808'

local function int64_checker(schema)
  local plain = number_checker(schema, 'int64', true)
  return function(value)
    if not null.is_opaque(value) then return plain(value) end
    local sign, digits = tostring(value):match('^(-?)(%d+)$')
    local limit = sign == '-' and SMALLEST or LARGEST
    if not digits or #digits > #limit or (#digits == #limit and digits > limit) then
      return mismatch('int64', value)
    end
    return value
  end
end

--- A number written with units: seconds, bytes. `of_number`: what is expected of a plain number.
local function unit_checker(parse, expected, of_number)
  return function(schema)
    return function(value)
      local number = parse(value)
      if not number then
        return fail('mismatch', { got = got(value, schema),
          expected = { type(value) == 'number' and of_number or expected } })
      end
      local problems = out_of_range(number, schema)
      if problems then return nil, problems end
      return number
    end
  end
end

local function enum_checker(schema)
  local known, list = {}, {}
  for i, value in ipairs(schema.options.values) do
    known[value], list[i] = true, ('%s'):format(value)
  end
  local all = table.concat(list, ', ')
  return function(value)
    if type(value) == 'string' and known[value] then return value end
    return fail('one-of', { list = all, got = got(value, schema) },
      problem_of.meant(type(value) == 'string' and names.nearest(value, list) or nil))
  end
end

local function boolean_checker(value)
  if type(value) ~= 'boolean' then return mismatch('a-boolean', value) end
  return value
end

local function null_checker(value)
  if value == nil or null.is_null(value) then return nil end
  return mismatch('null', value)
end

local function any_checker(value) return value end

local function format_of(name)
  return function(schema) return format_checker(formats[name], schema) end
end

--- By kind: makes a checker for a schema. `keep`: the value is a result and stays as it is.
---@type table<string, fun(schema: lib.rpc.Schema, keep?: boolean): lib.rpc.Checker>
return {
  string = string_checker, text = string_checker, secret = string_checker,
  path = function(s)
    return format_checker(s.options.absolute and formats.absolute_path or formats.path, s)
  end,
  url = format_of('url'), package_id = format_of('package_id'), guid = format_of('guid'),
  pointer = format_of('pointer'), datetime = format_of('datetime'), bytes = bytes_checker,
  number = function(s) return number_checker(s, 'a-number', false) end,
  integer = function(s) return number_checker(s, 'an-integer', true) end,
  int64 = int64_checker,
  boolean = function() return boolean_checker end,
  flag = function() return boolean_checker end,
  duration = unit_checker(duration.parse, 'duration', 'seconds'),
  size = unit_checker(size.parse, 'size', 'size'),
  enum = enum_checker,
  null = function() return null_checker end,
  any = function() return any_checker end,
  json = function() return any_checker end,
}
