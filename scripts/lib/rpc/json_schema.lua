--- JSON Schema (2020-12) of a schema, for OpenRPC, types, documentation and editors.
local names = require('lib.names')
local regex = require('lib.rpc.regex')

local M = {}

local PLAIN = {
  string = { type = 'string' }, text = { type = 'string' },
  secret = { type = 'string', writeOnly = true },
  path = { type = 'string' }, url = { type = 'string', format = 'uri' },
  pointer = { type = 'string', format = 'json-pointer' },
  datetime = { type = 'string', format = 'date-time' },
  bytes = { type = 'string', contentEncoding = 'base64' },
  package_id = { type = 'string', pattern = '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength = 64 },
  guid = { type = 'string', pattern = '^[A-Z2-7]{32}$' },
  number = { type = 'number' }, integer = { type = 'integer' },
  int64 = { type = 'integer', format = 'int64' },
  boolean = { type = 'boolean' }, flag = { type = 'boolean' },
  enum = { type = 'string' }, null = { type = 'null' },
  any = {}, json = {}, union = {}, tagged = {},
  array = { type = 'array' }, map = { type = 'object' }, object = { type = 'object' },
  duration = { type = { 'number', 'string' }, title = 'seconds, or text such as 30s or 1h30m' },
  size = { type = { 'number', 'string' }, title = 'bytes, or text such as 512K, 1.5GiB' },
}

local function members(fields, out, closed)
  local required, properties = {}, {}
  for _, key in ipairs(names.sorted_keys(fields)) do
    properties[key] = M.of(fields[key], closed)
    if not M.may_miss(fields[key]) then required[#required + 1] = key end
  end
  if next(properties) then out.properties = properties end
  if #required > 0 then out.required = required end
end

local function range(schema, out)
  out.minimum, out.maximum = schema.options.min, schema.options.max
end

local function text(schema, out)
  local options = schema.options
  out.minLength, out.maxLength = options.min_length, options.max_length
  if options.pattern then out.pattern = regex.of(options.pattern) end
end

local function object(schema, out, closed)
  members(schema.options.fields, out, closed)
  if closed and not schema.options.open then out.additionalProperties = false end
end

local function variant(tag, name, schema, closed)
  local out = { type = 'object' }
  object(schema, out, closed)
  out.properties = out.properties or {}
  out.properties[tag] = { const = name }
  out.required = out.required or {}
  table.insert(out.required, 1, tag)
  return out
end

local FILL = {
  object = object,
  enum = function(schema, out) out.enum = schema.options.values end,
  path = function(schema, out) if schema.options.absolute then out.pattern = '^/' end end,
  array = function(schema, out, closed)
    out.items = schema.options.of and M.of(schema.options.of, closed)
    out.minItems, out.maxItems = schema.options.min, schema.options.max
  end,
  map = function(schema, out, closed)
    out.additionalProperties = schema.options.of and M.of(schema.options.of, closed) or true
    out.propertyNames = schema.options.keys and M.of(schema.options.keys, closed)
  end,
  union = function(schema, out, closed)
    out.anyOf = {}
    for i, alternative in ipairs(schema.options.of) do
      out.anyOf[i] = M.of(alternative, closed)
    end
  end,
  tagged = function(schema, out, closed)
    out.oneOf = {}
    for i, name in ipairs(names.sorted_keys(schema.options.variants)) do
      out.oneOf[i] = variant(schema.options.tag, name, schema.options.variants[name], closed)
    end
  end,
  number = range, integer = range, int64 = range, duration = range, size = range,
  string = text, text = text, secret = text, url = text, pointer = text,
}

--- Whether a member of this type may be absent.
---@param schema lib.rpc.Schema
---@return boolean
function M.may_miss(schema)
  return schema.options.optional == true or schema.options.default ~= nil
end

local function or_null(out)
  if type(out.type) == 'string' and not out.enum then
    out.type = { out.type, 'null' }
    return out
  end
  return next(out) and { anyOf = { out, { type = 'null' } } } or out
end

---@param schema lib.rpc.Schema
---@param closed? boolean Undeclared members are refused, as in parameters
---@return table
function M.of(schema, closed)
  local out, options = {}, schema.options
  for key, value in pairs(PLAIN[schema.kind]) do
    out[key] = value
  end
  local fill = FILL[schema.kind]
  if fill then fill(schema, out, closed) end
  if options.nullable then out = or_null(out) end
  local default = options.default
  if type(default) ~= 'table' and not options.secret then out.default = default end
  if options.secret then out.writeOnly = true end
  out['x-conflicts-with'], out['x-requires'] = options.conflicts_with, options.requires
  return out
end

--- The parameters of a method.
---@param params table<string, lib.rpc.Schema>
---@param open? boolean
---@return table
function M.params(params, open)
  local out = { type = 'object' }
  members(params, out, true)
  if not open then out.additionalProperties = false end
  return out
end

return M
