--- The OpenRPC document of a list of methods.
local i18n = require('lib.i18n')
local names = require('lib.names')

local M = {}

M.VERSION = '1.3.2'

local function is_required(schema, key)
  for _, name in ipairs(schema.required or {}) do
    if name == key then return true end
  end
  return false
end

local function content(schema, array)
  local list = {}
  for i, key in ipairs(names.sorted_keys(schema.properties or {})) do
    list[i] = { name = key, required = is_required(schema, key), schema = schema.properties[key] }
  end
  return array(list)
end

---@param methods lib.rpc.Method[]
---@param options {title: string, version: string, locale?: string, array: fun(list: table): table}
---@return table
function M.document(methods, options)
  local list = {}
  for i, method in ipairs(methods) do
    list[i] = {
      name = method.method,
      summary = method.about and i18n.text(method.about, nil, options.locale) or nil,
      paramStructure = 'by-name',
      params = content(method.params, options.array),
      result = { name = 'result', schema = method.result or {} },
      ['x-kind'] = method.kind,
      ['x-metadata'] = next(method.metadata or {}) and method.metadata or nil,
      ['x-read-only'] = method.read_only or nil,
    }
  end
  return {
    openrpc = M.VERSION,
    info = { title = options.title, version = options.version },
    methods = options.array(list),
  }
end

return M
