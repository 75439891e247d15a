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
local got, mismatch = problem_of.got, problem_of.mismatch
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
      return fail('required')
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
      rules[#rules + 1] = { key, other, both = false, said = 'conflicts-with' }
    end
    for _, other in ipairs(fields[key].options.requires or {}) do
      rules[#rules + 1] = { key, other, both = true, said = 'requires' }
    end
  end
  if #rules == 0 then return nil end
  return function(value)
    local problems
    for _, rule in ipairs(rules) do
      local key, other = rule[1], rule[2]
      if is_given(value[key], fields[key])
        and is_given(value[other], fields[other]) ~= rule.both then
        problems = append(problems, '.' .. key, { problem_of.of(rule.said, { other = other }) })
      end
    end
    return problems
  end
end

local function unknown(key, order)
  if key:sub(1, 2) == '__' then return { problem_of.of('reserved') } end
  if #order == 0 then return { problem_of.of('unknown', nil, { 'no-params' }) } end
  return { problem_of.of('unknown', nil, problem_of.meant(names.nearest(key, order))
    or { 'known', { list = table.concat(order, ', ') } }) }
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
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an-object', value) end
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
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an-object', value) end
    local name = value[tag]
    local check = checks[name]
    if not check then
      local problem = problem_of.of('one-of',
        { list = table.concat(known, ', '), got = got(name, schema) },
        problem_of.meant(type(name) == 'string' and names.nearest(name, known) or nil))
      problem.path = '.' .. tag
      return nil, { problem }
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
  local list = table.concat(expected, ', ')
  return function(value)
    local deepest
    for i = 1, #checks do
      local good, problems = checks[i](is_empty_array(value) and value or copy(value))
      if not problems then return good end
      if problems[1].path ~= '' and not deepest then deepest = problems end
    end
    if deepest then return nil, deepest end
    return fail('one-of', { list = list, got = got(value, schema) })
  end
end

local function array_checker(schema, keep)
  local check = schema.options.of and M.member(schema.options.of, keep)
  local single, min, max = schema.options.single, schema.options.min, schema.options.max
  return function(value)
    -- One member stands for a list of it, where the declaration says so.
    if single and type(value) ~= 'table' then value = { value } end
    if type(value) ~= 'table' or not is_array(value) then return mismatch('an-array', value) end
    local count = #value
    local miscounted = problem_of.miscounted(count, min, max, 'count-members')
    if miscounted then return nil, miscounted end
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
    if type(value) ~= 'table' or not is_object(value) then return mismatch('an-object', value) end
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

return M
