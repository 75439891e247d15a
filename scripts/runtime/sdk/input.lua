--- Forms: what an action asks for, and the check that what comes back fits.
---
---     sdk.input.spec {
---       { 'greeting', sdk.input.text{ name = 'Greeting', required = true, max_length = 200 } },
---     }
---
--- Fields are pairs because tables have no order and a form has.
local check = require('runtime.sdk.input_check')
local json = require('engine.json')

---@class runtime.Field
---@field type string
---@field opts table
local Field = {}
Field.__index = Field

---@class runtime.InputSpec
---@field fields {[1]: string, [2]: runtime.Field}[]
local Spec = {}
Spec.__index = Spec

local M = {}

--- Options of each type with the name they have on the wire.
local COMMON = { name = 'name', description = 'description', warning = 'warning',
  disabled = 'disabled', immutable = 'immutable', required = 'required', default = 'default' }
local TEXT = { pattern = 'pattern', pattern_hint = 'patternDescription', min_length = 'minLength',
  max_length = 'maxLength', placeholder = 'placeholder' }
local CHOICE = { values = 'values' }
local COUNT = { min_length = 'minLength', max_length = 'maxLength' }

local TYPES = {
  text = { TEXT, { masked = 'masked', inputmode = 'inputmode' } },
  textarea = { TEXT, { min_rows = 'minRows', max_rows = 'maxRows' } },
  number = { { min = 'min', max = 'max', integer = 'integer', step = 'step', units = 'units',
    placeholder = 'placeholder' } },
  color = {},
  datetime = { { inputmode = 'inputmode', min = 'min', max = 'max' } },
  toggle = {},
  select = { CHOICE },
  multiselect = { CHOICE, COUNT },
  list = { COUNT, { of = 'spec', unique_by = 'uniqueBy', display_as = 'displayAs' } },
  object = { { spec = 'spec' } },
  union = { { variants = 'variants' } },
  hidden = {},
}

local function known_options(kind)
  local known = {}
  for key, wire in pairs(COMMON) do
    known[key] = wire
  end
  for _, options in ipairs(TYPES[kind]) do
    for key, wire in pairs(options) do
      known[key] = wire
    end
  end
  return known
end

local function check_options(kind, opts, known)
  for key in pairs(opts) do
    if not known[key] then
      error(("input.%s has no option '%s'"):format(kind, tostring(key)), 4)
    end
  end
  if not opts.name and kind ~= 'hidden' then
    error(("input.%s needs a name"):format(kind), 4)
  end
end

local NEEDED = { select = 'values', multiselect = 'values', list = 'of', object = 'spec',
  union = 'variants' }

for kind in pairs(TYPES) do
  local known = known_options(kind)
  M[kind] = function(opts)
    opts = opts or {}
    check_options(kind, opts, known)
    if NEEDED[kind] and not opts[NEEDED[kind]] then
      error(("input.%s needs '%s'"):format(kind, NEEDED[kind]), 2)
    end
    return setmetatable({ type = kind, opts = opts, known = known }, Field)
  end
end

--- A form of ordered `{ key, field }` pairs.
---@param pairs_list table
---@return runtime.InputSpec
function M.spec(pairs_list)
  local seen = {}
  for i, pair in ipairs(pairs_list) do
    if type(pair) ~= 'table' or type(pair[1]) ~= 'string' or getmetatable(pair[2]) ~= Field then
      error(("input.spec: entry %d must be { 'key', input.text{ … } }"):format(i), 2)
    end
    if seen[pair[1]] then error(("input.spec: '%s' occurs twice"):format(pair[1]), 2) end
    seen[pair[1]] = true
  end
  return setmetatable({ fields = pairs_list }, Spec)
end

-- --- as JSON ---

local function encode(value) return (assert(json.encode(value))) end

--- An object whose members keep their order.
local function ordered(members)
  local parts = {}
  for i, member in ipairs(members) do
    parts[i] = encode(member[1]) .. ':' .. member[2]
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

local function option_json(key, value)
  if key == 'spec' then return value:encode() end
  if key == 'of' then return value:encode() end
  if key ~= 'variants' then return encode(value) end
  local members = {}
  for i, variant in ipairs(value) do
    members[i] = { variant[1], ordered({ { 'name', encode(variant.name) },
      { 'spec', variant.spec:encode() } }) }
  end
  return ordered(members)
end

local function choices_json(values)
  local members = {}
  for i, choice in ipairs(values) do
    members[i] = { choice[1], encode(choice[2]) }
  end
  return ordered(members)
end

function Field:encode()
  local members = { { 'type', encode(self.type) } }
  local keys = {}
  for key in pairs(self.known) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local value = self.opts[key]
    if key == 'values' then
      value = choices_json(value)
    elseif value ~= nil then
      value = option_json(key, value)
    elseif key == 'default' or key == 'description' or key == 'warning' then
      value = 'null'
    elseif key == 'required' or key == 'disabled' or key == 'immutable' then
      value = 'false'
    end
    if value then members[#members + 1] = { self.known[key], value } end
  end
  return ordered(members)
end

function Spec:encode()
  local members = {}
  for i, pair in ipairs(self.fields) do
    members[i] = { pair[1], pair[2]:encode() }
  end
  return ordered(members)
end

--- The form as a JSON value that keeps the order of its fields.
function Spec:to_json() return (assert(json.raw(self:encode()))) end

--- Checks values against the form, fills in defaults.
---@param values table
---@param current? table what the values are now, for fields that must not change
---@return table? checked a fresh table
---@return engine.Error? err `config_spec_violation`; details: {path, code, message} of each problem
function Spec:check(values, current) return check.spec(self, values, current) end

return M
