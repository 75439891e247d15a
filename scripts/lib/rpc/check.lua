--- Turns a schema into a checking function.
---
--- A checker takes a value and answers `value, problems`. It fills in defaults in place, so the
--- value must belong to the caller. `problems` is nil when all is well, else a list of
--- `{path, message}`; paths are put together on the way out, so a good value costs no garbage.
local copy = require('lib.copy').deep
local names = require('lib.names')
local null = require('lib.null')
local problem_of = require('lib.rpc.problem')
local scalars = require('lib.rpc.check_scalar')

local M = {}

---@alias lib.rpc.Checker fun(value: any): any, lib.rpc.Problem[]?

local append, enough, fail = problem_of.append, problem_of.enough, problem_of.fail
local got, mismatch, plural = problem_of.got, problem_of.mismatch, problem_of.plural
local is_null = null.is_null

--- Whether a decoded table stands for a JSON array. An empty table counts as either.
local function is_array(value)
  return value[1] ~= nil or getmetatable(value) ~= nil or next(value) == nil
end

local function is_object(value) return value[1] == nil and getmetatable(value) == nil end

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

--- Whether a member says something: it is there and is not its default.
local function is_given(value, field)
  return value ~= nil and not is_null(value) and value ~= field.options.default
end

--- Checks `conflicts_with` and `requires`; nil where no field has any.
local function relations(fields, order)
  local rules = {}
  for _, key in ipairs(order) do
    for _, other in ipairs(fields[key].options.conflicts_with or {}) do
      rules[#rules + 1] = { key, other, both = false, words = 'cannot be given with' }
    end
    for _, other in ipairs(fields[key].options.requires or {}) do
      rules[#rules + 1] = { key, other, both = true, words = 'can only be given with' }
    end
  end
  if #rules == 0 then return nil end
  return function(value)
    local problems
    for _, rule in ipairs(rules) do
      local key, other = rule[1], rule[2]
      if is_given(value[key], fields[key])
        and is_given(value[other], fields[other]) ~= rule.both then
        problems = append(problems, '.' .. key,
          { { path = '', message = ("%s '%s'"):format(rule.words, other) } })
      end
    end
    return problems
  end
end

local function unknown(key, order)
  local meant = names.nearest(key, order)
  if key:sub(1, 2) == '__' then return { { path = '', message = 'is a reserved name' } } end
  if #order == 0 then
    return { { path = '', message = 'is unknown', hint = 'it takes no parameters' } }
  end
  local hint = meant and ("did you mean '%s'?"):format(meant)
    or 'known: ' .. table.concat(order, ', ')
  return { { path = '', message = 'is unknown', hint = hint } }
end

--- What is there but not declared. Reserved names are refused by open objects, too.
local function unknown_checker(fields, order, options)
  local open, ignored = options.open, options.ignored
  return function(value)
    local problems
    for key in pairs(value) do
      if fields[key] == nil then
        local name = tostring(key)
        if ignored and ignored[name] then
          value[key] = nil
        elseif not open or name:sub(1, 2) == '__' then
          problems = append(problems, '.' .. problem_of.key(name), unknown(name, order))
          if enough(problems) then break end
        end
      end
    end
    return problems
  end
end

---@param fields table<string, lib.rpc.Schema>
---@param keep? boolean
---@param options {open: boolean?, ignored: table<string, boolean>?}
---@return lib.rpc.Checker
local function fields_checker(fields, keep, options)
  local order = names.sorted_keys(fields)
  local checks, count = {}, #order
  for i, key in ipairs(order) do
    checks[i] = M.member(fields[key], keep)
  end
  local find_unknown = not keep and unknown_checker(fields, order, options)
  local relate = not keep and relations(fields, order)
  return function(value)
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an object', value) end
    local problems = find_unknown and find_unknown(value)
    local unrelated = relate and relate(value)
    if unrelated then problems = append(problems, '', unrelated) end
    for i = 1, count do
      local key = order[i]
      local member, wrong = checks[i](value[key])
      if wrong then
        problems = append(problems, '.' .. key, wrong)
      else
        value[key] = member
      end
    end
    return value, problems or nil
  end
end

local function object_checker(schema, keep)
  return fields_checker(schema.options.fields, keep, schema.options)
end

local function tagged_checker(schema, keep)
  local tag, checks = schema.options.tag, {}
  for name, variant in pairs(schema.options.variants) do
    checks[name] = fields_checker(variant.options.fields, keep,
      { open = variant.options.open, ignored = { [tag] = true } })
  end
  local known = names.sorted_keys(checks)
  return function(value)
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an object', value) end
    local name = value[tag]
    local check = checks[name]
    if not check then
      local meant = type(name) == 'string' and names.nearest(name, known)
      return nil, { { path = '.' .. tag, message = ('expected one of %s, got %s'):format(
        table.concat(known, ', '), got(name, schema)),
        hint = meant and ("did you mean '%s'?"):format(meant) or nil } }
    end
    local good, problems = check(value)
    value[tag] = name
    return good, problems
  end
end

--- An empty array needs its mark, and nothing can go wrong in it.
local function is_empty_array(value)
  return type(value) == 'table' and next(value) == nil and getmetatable(value) ~= nil
end

--- The problems inside an alternative say more than that none fits.
local function union_checker(schema, keep)
  local checks, expected = {}, {}
  for i, alternative in ipairs(schema.options.of) do
    checks[i], expected[i] = M.compile(alternative, keep), alternative.kind:gsub('_', ' ')
  end
  local words = 'expected one of ' .. table.concat(expected, ', ')
  return function(value)
    local deepest
    for i = 1, #checks do
      local good, problems = checks[i](is_empty_array(value) and value or copy(value))
      if not problems then return good end
      if problems[1].path ~= '' and not deepest then deepest = problems end
    end
    if deepest then return nil, deepest end
    return fail(('%s, got %s'):format(words, got(value, schema)))
  end
end

local function count_problem(count, schema)
  local min, max = schema.options.min, schema.options.max
  if min and count < min then
    return ('must have at least %s, got %d'):format(plural(min, 'member'), count)
  end
  if max and count > max then
    return ('must have at most %s, got %d'):format(plural(max, 'member'), count)
  end
end

local function array_checker(schema, keep)
  local check = schema.options.of and M.member(schema.options.of, keep)
  local single = schema.options.single
  return function(value)
    -- One member stands for a list of it, where the declaration says so.
    if single and type(value) ~= 'table' then value = { value } end
    if type(value) ~= 'table' or not is_array(value) then return mismatch('an array', value) end
    local count = #value
    local problem = count_problem(count, schema)
    if problem then return fail(problem) end
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
        problems = append(problems, '.' .. problem_of.key(key), wrong_key or wrong)
        if enough(problems) then break end
      elseif fresh ~= nil then
        value[key] = fresh
      end
    end
    return value, problems
  end
end

local CHECKERS = {
  object = object_checker, tagged = tagged_checker, union = union_checker,
  array = array_checker, map = map_checker,
}

--- The checker of a value that is there.
---@param schema lib.rpc.Schema
---@param keep? boolean For results: leave unknown members and absent ones as they are
---@return lib.rpc.Checker
function M.compile(schema, keep)
  return (CHECKERS[schema.kind] or scalars[schema.kind])(schema, keep)
end

--- The checker of a member that may be absent, null or defaulted.
---@param schema lib.rpc.Schema
---@param keep? boolean
---@return lib.rpc.Checker
function M.member(schema, keep) return member_checker(schema, M.compile(schema, keep), keep) end

--- The checker of the parameters of a method.
---@param leaf lib.rpc.Leaf
---@return lib.rpc.Checker
function M.params(leaf)
  -- Of a method whose result has formats, `format` may be a parameter; it concerns the CLI only.
  local ignored = leaf.handler.used.with_display_serializable and { format = true } or nil
  return fields_checker(leaf.params, false, { open = leaf.handler.open, ignored = ignored })
end

--- The error a caller gets: the first problem as the message, all of them as details.
---@param problems lib.rpc.Problem[]
---@param root string `params`
---@return {code: string, message: string, hint: string?, details: lib.rpc.Problem[]}
function M.invalid(problems, root)
  local details = {}
  for i, problem in ipairs(problems) do
    details[i] = { path = root .. problem.path, message = problem.message, hint = problem.hint }
  end
  local message = ('%s: %s'):format(details[1].path, details[1].message)
  if #details > 1 then
    message = ('%s (and %d more)'):format(message, #details - 1)
  end
  return { code = 'invalid_params', message = message, hint = details[1].hint, details = details }
end

return M
