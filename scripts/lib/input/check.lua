--- Checks values against a form. Every problem is found; nothing is repaired but absent values.
local copy = require('lib.copy').deep
local names = require('lib.names')
local null = require('lib.null')

local M = {}

---@class lib.input.Problem
---@field path (string|integer)[] Members count from 0
---@field code string
---@field message string

local function absent(value) return value == nil or null.is_null(value) end

local function below(path, key)
  local longer = { unpack(path) }
  longer[#longer + 1] = key
  return longer
end

local function add(problems, path, code, message)
  problems[#problems + 1] = { path = path, code = code, message = message }
end

local function is_list(value)
  return type(value) == 'table'
    and (value[1] ~= nil or getmetatable(value) ~= nil or next(value) == nil)
end

local function is_object(value)
  return type(value) == 'table' and value[1] == nil and getmetatable(value) == nil
end

local function same(a, b)
  if absent(a) and absent(b) then return true end
  if type(a) ~= 'table' or type(b) ~= 'table' then return a == b end
  for key, member in pairs(a) do
    if not same(member, b[key]) then return false end
  end
  for key, member in pairs(b) do
    if a[key] == nil and not absent(member) then return false end
  end
  return true
end

local function length(text)
  local _, continuations = text:gsub('[\128-\191]', '')
  return #text - continuations
end

local function check_length(opts, count, unit, path, problems)
  if opts.min_length and count < opts.min_length then
    add(problems, path, 'length', ('must have at least %d %s'):format(opts.min_length, unit))
  elseif opts.max_length and count > opts.max_length then
    add(problems, path, 'length', ('must have at most %d %s'):format(opts.max_length, unit))
  end
end

local function check_text(opts, value, path, problems)
  if type(value) ~= 'string' then return add(problems, path, 'type', 'expected a text') end
  check_length(opts, length(value), 'characters', path, problems)
  if opts.pattern and not value:find(opts.pattern) then
    add(problems, path, 'pattern', opts.pattern_hint or 'does not have the expected form')
  end
end

local function check_step(opts, value, path, problems)
  local steps = (value - (opts.min or 0)) / opts.step
  if math.abs(steps - math.floor(steps + 0.5)) > 1e-9 then
    add(problems, path, 'step', ('must be in steps of %s'):format(opts.step))
  end
end

local function check_number(opts, value, path, problems)
  if type(value) ~= 'number' or value ~= value or math.abs(value) == math.huge then
    return add(problems, path, 'type', 'expected a number')
  end
  if opts.integer and value % 1 ~= 0 then
    add(problems, path, 'integer', 'must be a whole number')
  elseif opts.min and value < opts.min then
    add(problems, path, 'range', ('must be at least %s'):format(opts.min))
  elseif opts.max and value > opts.max then
    add(problems, path, 'range', ('must be at most %s'):format(opts.max))
  elseif opts.step then
    check_step(opts, value, path, problems)
  end
end

local function keys_of(choices)
  local keys = {}
  for i, choice in ipairs(choices) do
    keys[i] = choice[1]
  end
  return table.concat(keys, ', ')
end

local function find(choices, key)
  for _, choice in ipairs(choices) do
    if choice[1] == key then return choice end
  end
end

--- Choices can be switched off one by one: `disabled` is then a list of keys.
local function is_disabled(opts, key)
  for _, name in ipairs(type(opts.disabled) == 'table' and opts.disabled or {}) do
    if name == key then return true end
  end
  return false
end

local function check_choice(opts, choices, key, path, problems)
  if not find(choices, key) then
    add(problems, path, 'choice', 'must be one of ' .. keys_of(choices))
  elseif is_disabled(opts, key) then
    add(problems, path, 'disabled', ("'%s' cannot be chosen now"):format(key))
  end
end

local function check_multiselect(opts, value, path, problems)
  if not is_list(value) then return add(problems, path, 'type', 'expected a list') end
  check_length(opts, #value, 'entries', path, problems)
  local seen = {}
  for i, key in ipairs(value) do
    check_choice(opts, opts.values, key, below(path, i - 1), problems)
    if seen[key] then add(problems, below(path, i - 1), 'unique', 'is chosen twice') end
    seen[key] = true
  end
end

--- `unique_by`: true, a key, { any = {…} } or { all = {…} } of these.
local function same_by(rule, a, b)
  if rule == true then return same(a, b) end
  if type(rule) == 'string' then return is_object(a) and is_object(b) and same(a[rule], b[rule]) end
  if type(rule) ~= 'table' then return false end
  for _, each in ipairs(rule.any or {}) do
    if same_by(each, a, b) then return true end
  end
  for _, each in ipairs(rule.all or {}) do
    if not same_by(each, a, b) then return false end
  end
  return rule.all ~= nil
end

local function check_unique(rule, value, path, problems)
  for i = 2, rule and #value or 0 do
    for j = 1, i - 1 do
      if same_by(rule, value[i], value[j]) then
        add(problems, below(path, i - 1), 'unique', ('is the same as entry %d'):format(j))
        break
      end
    end
  end
end

local function check_list(opts, value, path, problems)
  if not is_list(value) then return add(problems, path, 'type', 'expected a list') end
  check_length(opts, #value, 'entries', path, problems)
  for i = 1, #value do
    value[i] = M.field(opts.of, value[i], nil, below(path, i - 1), problems)
  end
  check_unique(opts.unique_by, value, path, problems)
end

local function check_union(opts, value, path, problems, current)
  local at = below(path, 'selection')
  if not is_object(value) then return add(problems, path, 'type', 'expected an object') end
  local variant = find(opts.variants, value.selection)
  if not variant then
    return add(problems, at, 'choice', 'must be one of ' .. keys_of(opts.variants))
  end
  check_choice(opts, opts.variants, value.selection, at, problems)
  local before = is_object(current) and current.selection == value.selection and current.value
  value.value = M.form(variant.spec, absent(value.value) and {} or value.value, before or nil,
    below(path, 'value'), problems)
end

local DATE, TIME = '^%d%d%d%d%-%d%d%-%d%d', '%d%d:%d%d$'

local FORMS = {
  date = { DATE .. '$', 'expected a date such as 2026-01-31' },
  time = { '^' .. TIME, 'expected a time such as 23:59' },
  ['datetime-local'] = { DATE .. 'T' .. TIME, 'expected a date and time such as 2026-01-31T23:59' },
}

local function check_datetime(opts, value, path, problems)
  local form = FORMS[opts.inputmode or 'datetime-local']
  if type(value) ~= 'string' or not value:find(form[1]) then
    return add(problems, path, 'pattern', form[2])
  end
  if opts.min and value < opts.min then
    add(problems, path, 'range', 'must not be before ' .. opts.min)
  elseif opts.max and value > opts.max then
    add(problems, path, 'range', 'must not be after ' .. opts.max)
  end
end

local function check_boolean(_opts, value, path, problems)
  if type(value) ~= 'boolean' then add(problems, path, 'type', 'expected true or false') end
end

local CHECKS = {
  text = check_text,
  textarea = check_text,
  number = check_number,
  toggle = check_boolean,
  tri_state = check_boolean,
  multiselect = check_multiselect,
  list = check_list,
  union = check_union,
  datetime = check_datetime,
  select = function(opts, value, path, problems)
    check_choice(opts, opts.values, value, path, problems)
  end,
  color = function(_opts, value, path, problems)
    if type(value) ~= 'string' or not value:find('^#%x%x%x%x%x%x$') then
      add(problems, path, 'pattern', 'expected a colour such as #20a060')
    end
  end,
  object = function(opts, value, path, problems, current)
    M.form(opts.spec, value, current, path, problems)
  end,
  hidden = function() end,
}

--- A field that is switched off keeps its value; an immutable one, once it has one.
local function check_locked(opts, value, current, path, problems)
  local off = opts.disabled and type(opts.disabled) ~= 'table'
  if not off and not (opts.immutable and not absent(current)) then return end
  local before = current
  if absent(before) then before = opts.default end
  if same(value, before) then return end
  local reason = type(opts.disabled) == 'string' and opts.disabled
  add(problems, path, off and 'disabled' or 'immutable', reason or 'cannot be changed')
end

--- An absent value: the default, else whatever a form inside defaults to, else nothing.
local function fill_in(field, path, problems)
  local opts = field.opts
  if opts.default ~= nil then
    if field.kind == 'union' and type(opts.default) == 'string' then
      return { selection = opts.default, value = {} }
    end
    return copy(opts.default)
  end
  if field.kind == 'object' then return {} end
  local needs = opts.required or field.kind == 'toggle' or field.kind == 'select'
    or field.kind == 'union'
  if needs then add(problems, path, 'required', 'is required') end
  return nil
end

--- Checks one value and gives what to use for it.
---@param field lib.input.Field
---@return any
function M.field(field, value, current, path, problems)
  if absent(value) then
    value = fill_in(field, path, problems)
    if value == nil then return nil end
  else
    check_locked(field.opts, value, current, path, problems)
  end
  CHECKS[field.kind](field.opts, value, path, problems, current)
  return value
end

--- A misspelt name is told before the required member that is missing because of it.
local function check_names(spec, values, path, problems, strip)
  local keys, known = {}, {}
  for i, pair in ipairs(spec.fields) do
    keys[i], known[pair[1]] = pair[1], true
  end
  for key in pairs(values) do
    if not known[key] and strip then
      values[key] = nil
    elseif not known[key] then
      local meant = names.nearest(tostring(key), keys)
      add(problems, below(path, key), 'unknown',
        'is not in the form' .. (meant and ("; did you mean '%s'?"):format(meant) or ''))
    end
  end
end

--- Checks the members of a form, in place.
---@param spec lib.input.Spec
---@param strip? boolean Unknown members are dropped, not reported
function M.form(spec, values, current, path, problems, strip)
  if not is_object(values) then
    add(problems, path, 'type', 'expected an object')
    return nil
  end
  check_names(spec, values, path, problems, strip)
  for _, pair in ipairs(spec.fields) do
    local key = pair[1]
    values[key] = M.field(pair[2], values[key], is_object(current) and current[key] or nil,
      below(path, key), problems)
  end
  return values
end

return M
