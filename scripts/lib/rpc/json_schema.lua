--- JSON Schema (2020-12) of a schema, for OpenRPC, documentation and editors.
local names = require('lib.names')

local M = {}

local PLAIN = {
  string = { type = 'string' }, text = { type = 'string' }, path = { type = 'string' },
  url = { type = 'string', format = 'uri' },
  package_id = { type = 'string', pattern = '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength = 64 },
  guid = { type = 'string', pattern = '^[A-Z2-7]{32}$' },
  number = { type = 'number' }, integer = { type = 'integer' }, boolean = { type = 'boolean' },
  flag = { type = 'boolean' }, enum = { type = 'string' }, null = { type = 'null' },
  any = {}, json = {}, array = { type = 'array' }, map = { type = 'object' },
  object = { type = 'object' },
  duration = { description = 'seconds, or text such as 500ms, 30s, 1h30m' },
}

local function object(schema, out)
  local required = {}
  out.properties = {}
  for _, key in ipairs(names.sorted_keys(schema.options.fields)) do
    local field = schema.options.fields[key]
    out.properties[key] = M.of(field)
    if not M.may_miss(field) then required[#required + 1] = key end
  end
  if next(out.properties) == nil then out.properties = nil end
  if #required > 0 then out.required = required end
end

local FILL = {
  object = object,
  enum = function(schema, out) out.enum = schema.options.values end,
  array = function(schema, out)
    out.items = schema.options.of and M.of(schema.options.of)
    out.minItems, out.maxItems = schema.options.min, schema.options.max
  end,
  map = function(schema, out)
    out.additionalProperties = schema.options.of and M.of(schema.options.of)
    out.propertyNames = schema.options.keys and M.of(schema.options.keys)
  end,
  number = function(schema, out)
    out.minimum, out.maximum = schema.options.min, schema.options.max
  end,
  string = function(schema, out)
    out.minLength, out.maxLength = schema.options.min_length, schema.options.max_length
  end,
}
FILL.integer, FILL.text = FILL.number, FILL.string

--- Whether a member of this type may be absent.
---@param schema lib.rpc.Schema
---@return boolean
function M.may_miss(schema)
  return schema.options.optional == true or schema.options.default ~= nil
end

---@param schema lib.rpc.Schema
---@return table
function M.of(schema)
  local out = {}
  for key, value in pairs(PLAIN[schema.kind]) do
    out[key] = value
  end
  local fill = FILL[schema.kind]
  if fill then fill(schema, out) end
  local default = schema.options.default
  if default ~= nil and type(default) ~= 'table' then out.default = default end
  if schema.options.nullable and out.type then out.type = { out.type, 'null' } end
  return out
end

return M
