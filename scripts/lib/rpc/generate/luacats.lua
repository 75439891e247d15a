--- LuaCATS stubs of the methods: a client's `call` knows the parameters and the result of each.
local i18n = require('lib.i18n')
local methods_of = require('lib.rpc.generate.methods')
local names = require('lib.names')

local M = {}

local SCALARS = {
  string = 'string', number = 'number', integer = 'integer', boolean = 'boolean', null = 'nil',
}

local function quoted(text) return ("'%s'"):format(text) end

local function joined(list, each)
  local out = {}
  for i, item in ipairs(list) do
    out[i] = each(item)
  end
  return table.concat(out, '|')
end

local type_of

local function object(schema)
  local extra = schema.additionalProperties
  if not schema.properties then
    return ('table<string, %s>'):format(type(extra) == 'table' and type_of(extra) or 'any')
  end
  local list = {}
  for i, key in ipairs(names.sorted_keys(schema.properties)) do
    list[i] = ('%s%s: %s'):format(key, methods_of.is_required(schema, key) and '' or '?',
      type_of(schema.properties[key]))
  end
  return '{ ' .. table.concat(list, ', ') .. ' }'
end

local function array(schema)
  local of = schema.items and type_of(schema.items) or 'any'
  return of:find('|', 1, true) and ('(%s)[]'):format(of) or of .. '[]'
end

---@param schema table JSON Schema
---@return string
function type_of(schema)
  if schema.const ~= nil then return quoted(schema.const) end
  if schema.enum then return joined(schema.enum, quoted) end
  local several = schema.anyOf or schema.oneOf
  if several then return joined(several, type_of) end
  if type(schema.type) == 'table' then
    return joined(schema.type, function(name)
      return type_of({ type = name, properties = schema.properties, required = schema.required,
        items = schema.items, additionalProperties = schema.additionalProperties })
    end)
  end
  if schema.type == 'object' then return object(schema) end
  if schema.type == 'array' then return array(schema) end
  return SCALARS[schema.type] or 'any'
end

--- `package.action.get-input` → `moonbox.PackageActionGetInput`
local function class_of(method)
  return 'moonbox.' .. method:gsub('^%l', string.upper):gsub('[.-](%w)', string.upper)
end

local function add_params(lines, method)
  local class = class_of(method.method) .. 'Params'
  lines[#lines + 1] = ('--- %s'):format(method.about and i18n.text(method.about)
    or ('Parameters of `%s`.'):format(method.method))
  if method.deprecated then lines[#lines + 1] = '---@deprecated' end
  lines[#lines + 1] = '---@class ' .. class
  for _, key in ipairs(names.sorted_keys(method.params.properties)) do
    local help = method.help and method.help[key]
    lines[#lines + 1] = ('---@field %s%s %s%s'):format(key,
      methods_of.is_required(method.params, key) and '' or '?',
      type_of(method.params.properties[key]), help and ' ' .. i18n.text(help) or '')
  end
  lines[#lines + 1] = ''
  return class
end

local function call_field(method, class)
  local result = method.result and type_of(method.result) or 'any'
  if method.raw_result then result = 'any' end
  local optional = class and #(method.params.required or {}) > 0 and '' or '?'
  return ("---@field call fun(self, method: '%s', params%s: %s, "
    .. 'opts?: engine.client.CallOptions): (%s)?, engine.Error?'):format(method.method, optional,
    class or 'table', result)
end

local HEAD = [[
--- The methods of moonbox, for calls of a client. Made from the handler tree by `./dev docs`; do
--- not edit.
---@meta moonbox.methods
]]

---@param methods lib.rpc.generate.Method[]
---@return string
function M.document(methods)
  local lines, fields = { HEAD }, {}
  for i, method in ipairs(methods) do
    local class = method.params.properties and add_params(lines, method)
    fields[i] = call_field(method, class)
  end
  lines[#lines + 1] = '---@class engine.client.Connection'
  lines[#lines + 1] = table.concat(fields, '\n')
  return table.concat(lines, '\n') .. '\n'
end

return M
