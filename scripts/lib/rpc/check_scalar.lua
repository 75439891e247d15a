--- Checkers of texts, numbers and whatever else has no members.
local base64 = require('lib.base64')
local duration = require('lib.duration')
local formats = require('lib.rpc.formats')
local names = require('lib.names')
local null = require('lib.null')
local problem_of = require('lib.rpc.problem')
local size = require('lib.size')

local fail, got, mismatch = problem_of.fail, problem_of.got, problem_of.mismatch
local plural = problem_of.plural

-- Code points, not bytes; a malformed byte counts as one.
local function length(value)
  local _, continuations = value:gsub('[\128-\191]', '')
  return #value - continuations
end

local function text_rules(schema)
  local options = schema.options
  local min, max, pattern = options.min_length, options.max_length, options.pattern
  if not (min or max or pattern) then return nil end
  return function(value)
    local count = (min or max) and length(value)
    if min and count < min then
      return ('must have at least %s, got %d'):format(plural(min, 'character'), count)
    end
    if max and count > max then
      return ('must have at most %s, got %d'):format(plural(max, 'character'), count)
    end
    if pattern and not value:find(pattern) then
      return ('%s, got %s'):format(
        options.pattern_hint or ('must match the pattern %s'):format(pattern), got(value, schema))
    end
  end
end

local function string_checker(schema)
  local rules = text_rules(schema)
  return function(value)
    if type(value) ~= 'string' then return mismatch('a string', value) end
    local problem = rules and rules(value)
    if problem then return fail(problem) end
    return value
  end
end

local function unfit(format, value, schema)
  return fail(('expected %s (%s), got %s'):format(format.expected, format.form, got(value, schema)))
end

local function format_checker(format, schema)
  local rules = text_rules(schema)
  return function(value)
    if type(value) ~= 'string' then return mismatch(format.expected, value) end
    if not format.fits(value) then return unfit(format, value, schema) end
    local problem = rules and rules(value)
    if problem then return fail(problem) end
    return value
  end
end

local BYTES = { expected = 'bytes in base64', form = 'standard alphabet' }

local function bytes_checker(schema, keep)
  local max = schema.options.max
  return function(value)
    if type(value) ~= 'string' then return mismatch(BYTES.expected, value) end
    local bytes = base64.decode(value)
    if not bytes then return unfit(BYTES, value, schema) end
    if max and #bytes > max then
      return fail(('must have at most %s, got %d'):format(plural(max, 'byte'), #bytes))
    end
    return keep and value or bytes
  end
end

local function out_of_range(value, schema)
  local min, max = schema.options.min, schema.options.max
  if min and value < min then
    return ('must be at least %s, got %s'):format(min, got(value, schema))
  end
  if max and value > max then
    return ('must be at most %s, got %s'):format(max, got(value, schema))
  end
end

local function is_finite(value)
  return type(value) == 'number' and value == value and value ~= math.huge and value ~= -math.huge
end

local function number_checker(schema, expected, integral)
  return function(value)
    if not is_finite(value) then return mismatch(expected, value) end
    if integral and value % 1 ~= 0 then
      return fail(('expected %s, got %s'):format(expected, got(value, schema)))
    end
    local problem = out_of_range(value, schema)
    if problem then return fail(problem) end
    return value
  end
end

-- The ends of what 64 bits hold, as text: beyond 2^53 an integer reaches Lua as an opaque value.
local LARGEST, SMALLEST = '9223372036854775807', '9223372036854775808'

local function int64_checker(schema)
  local plain = number_checker(schema, 'an integer of 64 bits', true)
  return function(value)
    if not null.is_opaque(value) then return plain(value) end
    local sign, digits = tostring(value):match('^(-?)(%d+)$')
    local limit = sign == '-' and SMALLEST or LARGEST
    if not digits or #digits > #limit or (#digits == #limit and digits > limit) then
      return mismatch('an integer of 64 bits', value)
    end
    return value
  end
end

--- A number written with units: seconds, bytes.
local function unit_checker(parse)
  return function(schema)
    return function(value)
      local number, expected = parse(value)
      if not number then return fail(('%s, got %s'):format(expected, got(value, schema))) end
      local problem = out_of_range(number, schema)
      if problem then return fail(problem) end
      return number
    end
  end
end

local function enum_checker(schema)
  local known, list = {}, {}
  for i, value in ipairs(schema.options.values) do
    known[value], list[i] = true, ('%s'):format(value)
  end
  local expected = 'expected one of ' .. table.concat(list, ', ')
  return function(value)
    if type(value) == 'string' and known[value] then return value end
    local meant = type(value) == 'string' and names.nearest(value, list)
    return fail(('%s, got %s'):format(expected, got(value, schema)),
      meant and ("did you mean '%s'?"):format(meant) or nil)
  end
end

local function boolean_checker(value)
  if type(value) ~= 'boolean' then return mismatch('a boolean', value) end
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
  number = function(s) return number_checker(s, 'a number', false) end,
  integer = function(s) return number_checker(s, 'an integer', true) end,
  int64 = int64_checker,
  boolean = function() return boolean_checker end,
  flag = function() return boolean_checker end,
  duration = unit_checker(duration.parse), size = unit_checker(size.parse),
  enum = enum_checker,
  null = function() return null_checker end,
  any = function() return any_checker end,
  json = function() return any_checker end,
}
