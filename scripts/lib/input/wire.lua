--- Forms as JSON. Members keep their order, which a JSON object made from a table would lose.
local fields = require('lib.input.fields')
local names = require('lib.names')

local M = {}

local function ordered(members, encode)
  local parts = {}
  for i, member in ipairs(members) do
    parts[i] = encode(member[1]) .. ':' .. member[2]
  end
  return '{' .. table.concat(parts, ',') .. '}'
end

local function choices(values, encode)
  local members = {}
  for i, choice in ipairs(values) do
    members[i] = { choice[1], encode(choice[2]) }
  end
  return ordered(members, encode)
end

local function variants(list, encode)
  local members = {}
  for i, variant in ipairs(list) do
    members[i] = { variant[1], ordered({
      { 'name', encode(variant.name) }, { 'spec', M.spec(variant.spec, encode) },
    }, encode) }
  end
  return ordered(members, encode)
end

--- What stands for options that are not given.
local ABSENT = {
  default = 'null', description = 'null', warning = 'null', required = 'false',
  disabled = 'false', immutable = 'false',
}

local ENCODERS = {
  values = choices, variants = variants,
  spec = function(spec, encode) return M.spec(spec, encode) end,
  of = function(field, encode) return M.field(field, encode) end,
}

--- The text of one field.
---@param field lib.input.Field
---@param encode fun(value: any): string
---@return string
function M.field(field, encode)
  local known = fields.OPTIONS[field.kind]
  local members = { { 'type', encode(fields.WIRE_KIND[field.kind]) } }
  for _, key in ipairs(names.sorted_keys(known)) do
    local value, text = field.opts[key], ABSENT[key]
    if value ~= nil then text = (ENCODERS[key] or encode)(value, encode) end
    if text then members[#members + 1] = { known[key].wire, text } end
  end
  return ordered(members, encode)
end

--- The text of a form.
---@param spec lib.input.Spec
---@param encode fun(value: any): string
---@return string
function M.spec(spec, encode)
  local members = {}
  for i, pair in ipairs(spec.fields) do
    members[i] = { pair[1], M.field(pair[2], encode) }
  end
  return ordered(members, encode)
end

return M
