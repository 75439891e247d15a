--- Checks values against a form (runtime.sdk.input): every problem is found, none is repaired.
local json = require('engine.json')

local M = {}

local function absent(value) return value == nil or value == json.null end

local function length(text)
  local _, continuations = text:gsub('[\128-\191]', '')
  return #text - continuations
end

---@class runtime.Problems
local Problems = {}
Problems.__index = Problems

function Problems:add(path, code, message)
  self[#self + 1] = { path = json.array(path), code = code, message = message }
end

local function below(path, key)
  local longer = { unpack(path) }
  longer[#longer + 1] = key
  return longer
end

local function check_text(opts, value, path, problems)
  if type(value) ~= 'string' then return problems:add(path, 'type', 'expected a text') end
  local count = length(value)
  if opts.min_length and count < opts.min_length then
    problems:add(path, 'length', ('must have at least %d characters'):format(opts.min_length))
  elseif opts.max_length and count > opts.max_length then
    problems:add(path, 'length', ('must have at most %d characters'):format(opts.max_length))
  elseif opts.pattern and not value:find(opts.pattern) then
    problems:add(path, 'pattern', opts.pattern_hint or 'does not have the expected form')
  end
end

local function check_number(opts, value, path, problems)
  if type(value) ~= 'number' or value ~= value then
    return problems:add(path, 'type', 'expected a number')
  end
  if opts.integer and value % 1 ~= 0 then
    problems:add(path, 'integer', 'must be a whole number')
  elseif opts.min and value < opts.min then
    problems:add(path, 'range', ('must be at least %s'):format(opts.min))
  elseif opts.max and value > opts.max then
    problems:add(path, 'range', ('must be at most %s'):format(opts.max))
  elseif opts.step then
    local steps = (value - (opts.min or 0)) / opts.step
    if math.abs(steps - math.floor(steps + 0.5)) > 1e-9 then
      problems:add(path, 'step', ('must be in steps of %s'):format(opts.step))
    end
  end
end

local function is_choice(values, key)
  for _, choice in ipairs(values) do
    if choice[1] == key then return true end
  end
  return false
end

local function choice_names(values)
  local names = {}
  for i, choice in ipairs(values) do
    names[i] = choice[1]
  end
  return table.concat(names, ', ')
end

local function check_select(opts, value, path, problems)
  if not is_choice(opts.values, value) then
    problems:add(path, 'choice', 'must be one of ' .. choice_names(opts.values))
  end
end

local function check_count(opts, count, path, problems)
  if opts.min_length and count < opts.min_length then
    problems:add(path, 'length', ('must have at least %d entries'):format(opts.min_length))
  elseif opts.max_length and count > opts.max_length then
    problems:add(path, 'length', ('must have at most %d entries'):format(opts.max_length))
  end
end

local function check_multiselect(opts, value, path, problems)
  if type(value) ~= 'table' then return problems:add(path, 'type', 'expected a list') end
  check_count(opts, #value, path, problems)
  for i, key in ipairs(value) do
    check_select(opts, key, below(path, i - 1), problems)
  end
end

local function check_list(opts, value, path, problems)
  if type(value) ~= 'table' then return problems:add(path, 'type', 'expected a list') end
  check_count(opts, #value, path, problems)
  local out = json.array({})
  for i, member in ipairs(value) do
    out[i] = M.field(opts.of, member, nil, below(path, i - 1), problems)
  end
  return out
end

local function check_union(opts, value, path, problems)
  local selection = type(value) == 'table' and value.selection
  for _, variant in ipairs(opts.variants) do
    if variant[1] == selection then
      return { selection = selection,
        value = M.fields(variant.spec, value.value or {}, nil, below(path, 'value'), problems) }
    end
  end
  problems:add(below(path, 'selection'), 'choice', 'is no variant of this form')
end

local CHECKS = {
  text = check_text,
  textarea = check_text,
  number = check_number,
  select = check_select,
  multiselect = check_multiselect,
  list = check_list,
  union = check_union,
  toggle = function(_opts, value, path, problems)
    if type(value) ~= 'boolean' then problems:add(path, 'type', 'expected true or false') end
  end,
  color = function(_opts, value, path, problems)
    if type(value) ~= 'string' or not value:match('^#%x%x%x%x%x%x$') then
      problems:add(path, 'pattern', 'expected a colour such as #20a060')
    end
  end,
  datetime = function(_opts, value, path, problems)
    local date = type(value) == 'string' and value:match('^%d%d%d%d%-%d%d%-%d%d')
    local time = type(value) == 'string' and value:match('^%d%d:%d%d')
    if not date and not time then problems:add(path, 'pattern', 'expected a date or a time') end
  end,
  object = function(opts, value, path, problems)
    return M.fields(opts.spec, value, nil, path, problems)
  end,
  hidden = function() end,
}

local function unchangeable(field, value, current, path, problems)
  if (field.opts.disabled or field.opts.immutable and current ~= nil) and value ~= current then
    local reason = type(field.opts.disabled) == 'string' and field.opts.disabled
    problems:add(path, 'immutable', reason or 'cannot be changed')
  end
end

--- Checks one value; gives what to use for it.
function M.field(field, value, current, path, problems)
  if absent(value) then
    if field.opts.default ~= nil then return field.opts.default end
    if field.opts.required then problems:add(path, 'required', 'is required') end
    return nil
  end
  unchangeable(field, value, current, path, problems)
  local fresh = CHECKS[field.type](field.opts, value, path, problems)
  if fresh ~= nil then return fresh end
  return value
end

function M.fields(spec, values, current, path, problems)
  if type(values) ~= 'table' or values[1] ~= nil then
    problems:add(path, 'type', 'expected an object')
    return nil
  end
  local out, known = {}, {}
  for _, pair in ipairs(spec.fields) do
    local key, field = pair[1], pair[2]
    known[key] = true
    out[key] = M.field(field, values[key], current and current[key], below(path, key), problems)
  end
  for key in pairs(values) do
    if not known[key] then problems:add(below(path, key), 'unknown', 'is not in the form') end
  end
  return out
end

--- Checks a whole form.
---@param spec runtime.InputSpec
---@param values table
---@param current? table
---@return table? checked
---@return engine.Error? err
function M.spec(spec, values, current)
  local problems = setmetatable({}, Problems)
  local checked = M.fields(spec, values, current, {}, problems)
  if #problems == 0 then return checked end
  local first = problems[1]
  local place = table.concat(first.path, '.')
  local message = place == '' and first.message or place .. ': ' .. first.message
  if #problems > 1 then message = ('%s (and %d more)'):format(message, #problems - 1) end
  local details = json.array({})
  for i, problem in ipairs(problems) do
    details[i] = problem
  end
  return nil, { code = 'config_spec_violation', message = message, details = details }
end

return M
