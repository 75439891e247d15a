--- `docs/methods.md`: the reference of every method, grouped by the first word of its name.
local i18n = require('lib.i18n')
local methods_of = require('lib.rpc.generate.methods')
local names = require('lib.names')

local M = {}

local function code(text) return '`' .. text .. '`' end

local type_of

local function joined(list, each, between)
  local out = {}
  for i, item in ipairs(list) do
    out[i] = each(item)
  end
  return table.concat(out, between)
end

local function fields(schema)
  local list = {}
  for i, key in ipairs(names.sorted_keys(schema.properties or {})) do
    list[i] = ('%s%s: %s'):format(key, methods_of.is_required(schema, key) and '' or '?',
      type_of(schema.properties[key]))
  end
  if schema.additionalProperties == nil and #list > 0 then list[#list + 1] = '…' end
  return '{ ' .. table.concat(list, ', ') .. ' }'
end

--- A type in one line: `{ id: string, tags?: string[] }`.
function type_of(schema)
  if schema.const ~= nil then return '"' .. schema.const .. '"' end
  if schema.enum then return joined(schema.enum, function(v) return '"' .. v .. '"' end, ' | ') end
  local several = schema.anyOf or schema.oneOf
  if several then return joined(several, type_of, ' | ') end
  if type(schema.type) == 'table' then return table.concat(schema.type, ' | ') end
  if schema.properties then return fields(schema) end
  if type(schema.additionalProperties) == 'table' then
    return ('{ [key]: %s }'):format(type_of(schema.additionalProperties))
  end
  if schema.type == 'array' then
    local of = schema.items and type_of(schema.items) or 'any'
    return (of:find('|', 1, true) and '(' .. of .. ')' or of) .. '[]'
  end
  return schema.type or 'any'
end

local function add_limit(list, words, value)
  if value ~= nil then list[#list + 1] = words:format(tostring(value)) end
end

--- What else must hold of a value.
local function limits(schema)
  local list = {}
  if schema.title then list[1] = schema.title end
  add_limit(list, 'at least %s', schema.minimum)
  add_limit(list, 'at most %s', schema.maximum)
  add_limit(list, 'at least %s characters', schema.minLength)
  add_limit(list, 'at most %s characters', schema.maxLength)
  add_limit(list, 'at least %s', schema.minItems)
  add_limit(list, 'at most %s', schema.maxItems)
  add_limit(list, 'form %s', schema.format)
  for _, key in ipairs(schema['x-conflicts-with'] or {}) do
    add_limit(list, 'not with `%s`', key)
  end
  for _, key in ipairs(schema['x-requires'] or {}) do
    add_limit(list, 'only with `%s`', key)
  end
  if schema.writeOnly then list[#list + 1] = 'secret' end
  return table.concat(list, '; ')
end

local function cell(text) return (text:gsub('|', '\\|'):gsub('\n', ' ')) end

local function meaning(method, key, schema)
  local help = method.help and method.help[key]
  local more = limits(schema)
  if not help then return more end
  return more == '' and i18n.text(help) or ('%s (%s)'):format(i18n.text(help), more)
end

local function parameter_row(method, key)
  local schema = method.params.properties[key]
  local default = schema.default
  if default == nil then
    default = methods_of.is_required(method.params, key) and 'required' or ''
  else
    default = code(tostring(default))
  end
  return ('| %s | %s | %s | %s |'):format(code(key), cell(code(type_of(schema))), default,
    cell(meaning(method, key, schema)))
end

local function add_parameters(lines, method)
  local keys = names.sorted_keys(method.params.properties or {})
  if #keys == 0 then return end
  lines[#lines + 1] = '| parameter | type | default | is |\n|---|---|---|---|'
  for _, key in ipairs(keys) do
    lines[#lines + 1] = parameter_row(method, key)
  end
  lines[#lines + 1] = ''
end

--- `moon-cli package start [--wait] ID`
local function command_line(command)
  local words = { unpack(command.usage) }
  for _, argument in ipairs(command.node.args) do
    local text
    if argument.kind == 'positional' then
      text = argument.name .. ((argument.repeated or argument.trailing) and '…' or '')
    else
      text = argument.long .. (argument.kind == 'option' and ' ' .. argument.name or '')
    end
    words[#words + 1] = argument.required and text or '[' .. text .. ']'
  end
  return table.concat(words, ' ')
end

local function metadata(method)
  local list = {}
  for _, key in ipairs(names.sorted_keys(method.metadata or {})) do
    list[#list + 1] = code(('%s = %s'):format(key, tostring(method.metadata[key])))
  end
  return table.concat(list, ', ')
end

local function entry(method)
  local lines = { '### ' .. method.method, '' }
  if method.deprecated then lines[#lines + 1] = '**Deprecated.**\n' end
  if method.about then lines[#lines + 1] = i18n.text(method.about) .. '.\n' end
  if method.command then
    lines[#lines + 1] = '    ' .. command_line(method.command) .. '\n'
  end
  add_parameters(lines, method)
  local facts = { ('Result: %s.'):format(code(type_of(method.result or {}))) }
  if method.errors then facts[2] = ('Errors: %s.'):format(joined(method.errors, code, ', ')) end
  facts[#facts + 1] = ('Wire name: %s.'):format(code(method.wire))
  if next(method.metadata or {}) then
    facts[#facts + 1] = ('Metadata: %s.'):format(metadata(method))
  end
  lines[#lines + 1] = table.concat(facts, ' ') .. '\n'
  return table.concat(lines, '\n')
end

local HEAD = [[
# Methods

Every method of the daemon, made from the handler tree by `./dev docs`; do not edit. How they are
called is in [rpc.md](rpc.md), how one is written in [scripts.md](scripts.md). A method is a query
or an action, as its wire name says. A result may have more members than are listed. Any call can
fail with `invalid_params`, `authorization`, `timeout`, `cancelled`, `script` or `internal`; errors
named with a method come besides.
]]

---@param methods lib.rpc.generate.Method[]
---@return string
function M.document(methods)
  local parts, group = { HEAD }, nil
  for _, method in ipairs(methods) do
    local first = method.method:match('^[^.]+')
    if first ~= group then
      parts[#parts + 1], group = ('## %s\n'):format(first), first
    end
    parts[#parts + 1] = entry(method)
  end
  return table.concat(parts, '\n')
end

M.command_line = command_line

return M
