--- Turns a schema into a checking function.
---
--- A checker takes a value and answers `value, problems`. It fills in defaults in place, so the
--- value must belong to the caller. `problems` is nil when all is well, else a list of
--- `{path, message}`; paths are put together on the way out, so a good value costs no garbage.
local duration = require('lib.duration')
local names = require('lib.names')
local null = require('lib.null')

local M = {}

---@class lib.rpc.Problem
---@field path string Relative to the checked value: `.packages[2].id`, empty for the value itself
---@field message string

---@alias lib.rpc.Checker fun(value: any): any, lib.rpc.Problem[]?

local is_null = null.is_null

-- Whoever sends a million wrong members hears of the first ones.
local MOST_PROBLEMS = 64

local function describe(value)
  if is_null(value) then return 'null' end
  local kind = type(value)
  if kind == 'table' then
    return (getmetatable(value) ~= nil or value[1] ~= nil) and 'an array' or 'an object'
  end
  if kind == 'userdata' then return 'a value out of range' end
  return (kind == 'nil' and 'nothing') or ('a ' .. kind)
end

local function fail(message) return nil, { { path = '', message = message } } end

local function enough(problems) return problems ~= nil and #problems >= MOST_PROBLEMS end

local function mismatch(expected, value)
  return fail(('expected %s, got %s'):format(expected, describe(value)))
end

local function append(problems, prefix, more)
  problems = problems or {}
  for i = 1, math.min(#more, MOST_PROBLEMS - #problems) do
    local problem = more[i]
    problem.path = prefix .. problem.path
    problems[#problems + 1] = problem
  end
  return problems
end

--- Whether a decoded table stands for a JSON array. An empty table counts as either.
local function is_array(value)
  return value[1] ~= nil or getmetatable(value) ~= nil or next(value) == nil
end

local function is_object(value) return value[1] == nil and getmetatable(value) == nil end

local function copy(value)
  if type(value) ~= 'table' then return value end
  local twin = {}
  for k, v in pairs(value) do
    twin[k] = copy(v)
  end
  return setmetatable(twin, getmetatable(value))
end

-- Code points, not bytes; a malformed byte counts as one.
local function length(text)
  local _, continuations = text:gsub('[\128-\191]', '')
  return #text - continuations
end

local function text_rules(schema)
  local options = schema.options
  local min, max, pattern = options.min_length, options.max_length, options.pattern
  if not (min or max or pattern) then return nil end
  return function(value)
    if min and length(value) < min then
      return ('must have at least %d character%s'):format(min, min == 1 and '' or 's')
    end
    if max and length(value) > max then return ('must have at most %d characters'):format(max) end
    if pattern and not value:find(pattern) then
      return options.pattern_hint or ('does not match the pattern %s'):format(pattern)
    end
  end
end

local function text_checker(schema, expected, own)
  local rules = text_rules(schema)
  return function(value)
    if type(value) ~= 'string' then return mismatch(expected, value) end
    local problem = own and own(value) or (rules and rules(value))
    if problem then return fail(problem) end
    return value
  end
end

local function number_checker(schema, expected, integral)
  local min, max = schema.options.min, schema.options.max
  return function(value)
    if type(value) ~= 'number' or value ~= value or value == math.huge or value == -math.huge then
      return mismatch(expected, value)
    end
    if integral and value % 1 ~= 0 then
      return fail(('expected %s, got %s'):format(expected, value))
    end
    if min and value < min then return fail(('must be at least %s'):format(min)) end
    if max and value > max then return fail(('must be at most %s'):format(max)) end
    return value
  end
end

local function package_id_problem(value)
  if #value > 64 or not value:find('^[%l%d]') or value:find('[^%l%d-]') or value:find('%-%-')
    or value:sub(-1) == '-' then
    return 'expected a package id (a-z, 0-9 and single hyphens, at most 64 characters)'
  end
end

local function guid_problem(value)
  if #value ~= 32 or value:find('[^A-Z2-7]') then
    return 'expected a guid (32 characters A-Z and 2-7)'
  end
end

local function url_problem(value)
  if not value:find('^%a[%w+.-]*://[^%s/][^%s]*$') then
    return 'expected a URL such as https://host/path'
  end
end

local function path_problem(schema)
  local absolute = schema.options.absolute
  return function(value)
    if value == '' or value:find('%z') then return 'expected a path' end
    if absolute and value:sub(1, 1) ~= '/' then return 'expected an absolute path' end
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
    if type(value) == 'string' then return fail(('%s, got %s'):format(expected, value)) end
    return fail(('%s, got %s'):format(expected, describe(value)))
  end
end

--- Wraps the checker of a member: absent, null, default.
local function member_checker(schema, check, keep)
  local options = schema.options
  local default, nullable = options.default, options.nullable or schema.takes_null
  local may_miss = options.optional or default ~= nil or schema.kind == 'null'
    or (keep and nullable)
  return function(value)
    if value == nil then
      if default ~= nil and not keep then return copy(default) end
      if may_miss then return nil end
      return fail('is required')
    end
    if is_null(value) then
      if nullable then return value end
      if may_miss then return keep and value or copy(default) end
    end
    return check(value)
  end
end

local function object_checker(schema, keep)
  local fields = schema.options.fields
  local order = names.sorted_keys(fields)
  local checks = {}
  for i, key in ipairs(order) do
    checks[i] = M.member(fields[key], keep)
  end
  local count, open = #order, keep or schema.options.open
  return function(value)
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an object', value) end
    local problems
    for key in pairs(value) do
      if fields[key] == nil then
        if not keep and type(key) == 'string' and key:sub(1, 2) == '__' then
          problems = append(problems, '.' .. key, { { path = '', message = 'is a reserved name' } })
          if enough(problems) then break end
        elseif not open then
          value[key] = nil
        end
      end
    end
    for i = 1, count do
      local key = order[i]
      local member, wrong = checks[i](value[key])
      if wrong then
        problems = append(problems, '.' .. key, wrong)
      else
        value[key] = member
      end
    end
    return value, problems
  end
end

local function array_checker(schema, keep)
  local check = schema.options.of and M.member(schema.options.of, keep)
  local min, max = schema.options.min, schema.options.max
  return function(value)
    if type(value) ~= 'table' or not is_array(value) then return mismatch('an array', value) end
    local count = #value
    if min and count < min then return fail(('must have at least %d members'):format(min)) end
    if max and count > max then return fail(('must have at most %d members'):format(max)) end
    local problems
    for i = 1, check and count or 0 do
      local member, wrong = check(value[i])
      if wrong then
        problems = append(problems, ('[%d]'):format(i - 1), wrong)
        if enough(problems) then break end
      else
        value[i] = member
      end
    end
    return value, problems
  end
end

local function map_checker(schema, keep)
  local check = schema.options.of and M.member(schema.options.of, keep)
  local check_key = schema.options.keys and M.compile(schema.options.keys, keep)
  return function(value)
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an object', value) end
    local problems
    for key, member in pairs(value) do
      local _, wrong_key = nil, nil
      if check_key then _, wrong_key = check_key(key) end
      local fresh, wrong = member, nil
      if check then fresh, wrong = check(member) end
      if wrong_key or wrong then
        problems = append(problems, '.' .. tostring(key), wrong_key or wrong)
        if enough(problems) then break end
      elseif fresh ~= nil then
        value[key] = fresh
      end
    end
    return value, problems
  end
end

local function duration_checker(value)
  local seconds, problem = duration.parse(value)
  if not seconds then return fail(problem) end
  return seconds
end

local function boolean_checker(value)
  if type(value) ~= 'boolean' then return mismatch('a boolean', value) end
  return value
end

local function null_checker(value)
  if value == nil or is_null(value) then return nil end
  return mismatch('null', value)
end

local function any_checker(value) return value end

local CHECKERS = {
  string = function(s) return text_checker(s, 'a string') end,
  text = function(s) return text_checker(s, 'a string') end,
  path = function(s) return text_checker(s, 'a path', path_problem(s)) end,
  url = function(s) return text_checker(s, 'a URL', url_problem) end,
  package_id = function(s) return text_checker(s, 'a package id', package_id_problem) end,
  guid = function(s) return text_checker(s, 'a guid', guid_problem) end,
  number = function(s) return number_checker(s, 'a number', false) end,
  integer = function(s) return number_checker(s, 'an integer', true) end,
  boolean = function() return boolean_checker end,
  flag = function() return boolean_checker end,
  duration = function() return duration_checker end,
  enum = enum_checker,
  object = object_checker,
  array = array_checker,
  map = map_checker,
  null = function() return null_checker end,
  any = function() return any_checker end,
  json = function() return any_checker end,
}

--- The checker of a value that is there.
---@param schema lib.rpc.Schema
---@param keep? boolean For results: leave unknown members and absent ones as they are
---@return lib.rpc.Checker
function M.compile(schema, keep) return CHECKERS[schema.kind](schema, keep) end

--- The checker of a member that may be absent, null or defaulted.
---@param schema lib.rpc.Schema
---@param keep? boolean
---@return lib.rpc.Checker
function M.member(schema, keep) return member_checker(schema, M.compile(schema, keep), keep) end

--- The error a caller gets: the first problem as the message, all of them as details.
---@param problems lib.rpc.Problem[]
---@param root string `params`
---@return {code: string, message: string, details: lib.rpc.Problem[]}
function M.invalid(problems, root)
  local details = {}
  for i, problem in ipairs(problems) do
    details[i] = { path = root .. problem.path, message = problem.message }
  end
  local message = ('%s: %s'):format(details[1].path, details[1].message)
  if #details > 1 then
    message = ('%s (and %d more)'):format(message, #details - 1)
  end
  return { code = 'invalid_params', message = message, details = details }
end

return M
