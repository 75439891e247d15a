--- Forms: what an action asks for, and the check that what comes back fits.
---
---     local form = input.spec {
---       { 'user', input.text{ name = 'User', required = true, max_length = 64 } },
---       { 'prune', input.union{ name = 'Pruning', default = 'off', variants = {
---         { 'off', name = 'Off', spec = {} },
---         { 'auto', name = 'Auto', spec = {
---           { 'mib', input.number{ name = 'Size', min = 550, integer = true, default = 550 } },
---         } },
---       } } },
---     }
---
--- Everything with an order is a list of pairs, because tables have none and a form has: fields,
--- choices (`values = { { 'a', 'First' }, … }`) and variants. Host, runtime and CLI check by the
--- same form.
local check = require('lib.input.check')
local fields = require('lib.input.fields')
local names = require('lib.names')
local null = require('lib.null')
local wire = require('lib.input.wire')

---@class lib.input.Field
---@field kind string
---@field opts table
local Field = {}
Field.__index = Field

---@class lib.input.Spec
---@field fields {[1]: string, [2]: lib.input.Field}[]
local Spec = {}
Spec.__index = Spec

local M = {}

local function check_option(kind, key, value)
  local option = fields.OPTIONS[kind][key]
  if not option then error(("input.%s has no option '%s'"):format(kind, tostring(key)), 3) end
  if option.type ~= 'any' and type(value) ~= option.type then
    error(("input.%s: option '%s' must be a %s"):format(kind, key, option.type), 3)
  end
end

--- A form, one that something wraps as its `form`, or the pairs of one.
local function as_spec(value)
  if getmetatable(value) == Spec then return value end
  if getmetatable(value.form) == Spec then return value.form end
  return M.spec(value)
end

local function with_specs(opts)
  if opts.spec then opts.spec = as_spec(opts.spec) end
  if opts.of and getmetatable(opts.of) ~= Field then
    error('input.list: `of` must be a field, such as input.text{ name = … }', 3)
  end
  for i, variant in ipairs(opts.variants or {}) do
    if type(variant[1]) ~= 'string' or type(variant.name) ~= 'string' or not variant.spec then
      error(("input.union: variant %d must be { 'key', name = …, spec = { … } }"):format(i), 3)
    end
    opts.variants[i] = { variant[1], name = variant.name, spec = as_spec(variant.spec) }
  end
  return opts
end

local function make(kind, given)
  local opts = {}
  for key, value in pairs(given or {}) do
    check_option(kind, key, value)
    opts[key] = value
  end
  if not opts.name and kind ~= 'hidden' then error(('input.%s needs a name'):format(kind), 2) end
  local needed = fields.NEEDED[kind]
  if needed and not opts[needed] then
    error(("input.%s needs '%s'"):format(kind, needed), 2)
  end
  return setmetatable({ kind = kind, opts = with_specs(opts) }, Field)
end

for kind in pairs(fields.OPTIONS) do
  M[kind] = function(opts) return make(kind, opts) end
end

--- A form of ordered `{ key, field }` pairs. A mistake in it raises.
---@param pairs_list {[1]: string, [2]: lib.input.Field}[]
---@return lib.input.Spec
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

--- The form as JSON text; members in the order of the form.
---@param encode fun(value: any): string Of one value
---@return string
function Spec:encode(encode) return wire.spec(self, encode) end

local function summary(problems)
  local first = problems[1]
  local place = table.concat(first.path, '.')
  local message = place == '' and first.message or place .. ': ' .. first.message
  if #problems > 1 then message = ('%s (and %d more)'):format(message, #problems - 1) end
  return message
end

--- Checks values against the form and fills in defaults, in place: they must belong to the caller.
---@param values table
---@param current? table What the values are now, for fields that must not change
---@param opts? {strip?: boolean} strip: unknown members are dropped instead of refused
---@return table? values
---@return table? err `config_spec_violation`; details: a lib.input.Problem for each
function Spec:check(values, current, opts)
  local problems = {}
  local checked = check.form(self, values, current, {}, problems, opts and opts.strip)
  if #problems == 0 then return checked end
  return nil, { code = 'config_spec_violation', message = summary(problems), details = problems }
end

local from_wire

local function choices_from(values)
  local list = {}
  for i, key in ipairs(names.sorted_keys(values)) do
    list[i] = { key, values[key] }
  end
  return list
end

local function variants_from(variants)
  local list = {}
  for i, key in ipairs(names.sorted_keys(variants)) do
    list[i] = { key, name = variants[key].name, spec = M.parse(variants[key].spec) }
  end
  return list
end

local PARSERS = {
  values = choices_from, variants = variants_from,
  spec = function(spec) return M.parse(spec) end,
  of = function(field) return from_wire(field) end,
}

function from_wire(text)
  local kind = fields.KIND[text.type]
  if not kind then return setmetatable({ kind = 'hidden', opts = {} }, Field) end
  local opts = {}
  for key, option in pairs(fields.OPTIONS[kind]) do
    local value = text[option.wire]
    if value ~= nil and not null.is_null(value) and value ~= false then
      opts[key] = PARSERS[key] and PARSERS[key](value) or value
    elseif key == 'default' and value == false then
      opts.default = false
    end
  end
  return setmetatable({ kind = kind, opts = opts }, Field)
end

--- The form behind decoded JSON, for checking; fields of a kind unknown here are not checked.
---@param decoded table<string, table>
---@return lib.input.Spec
function M.parse(decoded)
  local list = {}
  for i, key in ipairs(names.sorted_keys(decoded)) do
    list[i] = { key, from_wire(decoded[key]) }
  end
  return setmetatable({ fields = list }, Spec)
end

return M
