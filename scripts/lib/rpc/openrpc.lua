--- The OpenRPC document of a list of methods.
local i18n = require('lib.i18n')
local names = require('lib.names')

local M = {}

M.VERSION = '1.3.2'

--- What any call can fail with.
M.COMMON_ERRORS = {
  'invalid_params', 'authorization', 'timeout', 'cancelled', 'script', 'internal',
}

local function is_required(schema, key)
  for _, name in ipairs(schema.required or {}) do
    if name == key then return true end
  end
  return false
end

local function content(method, options)
  local list, help = {}, method.help or {}
  for i, key in ipairs(names.sorted_keys(method.params.properties or {})) do
    list[i] = {
      name = key, required = is_required(method.params, key),
      schema = method.params.properties[key],
      description = help[key] and i18n.text(help[key], nil, options.locale) or nil,
    }
  end
  return options.array(list)
end

local function error_references(method, options)
  local list = {}
  for _, kinds in ipairs({ M.COMMON_ERRORS, method.errors or {} }) do
    for _, kind in ipairs(kinds) do
      list[#list + 1] = { ['$ref'] = '#/components/errors/' .. kind }
    end
  end
  return options.array(list)
end

--- What OpenRPC has no member for.
local function extension(method, options)
  return {
    context = method.context, class = method.read_only and 'query' or 'action',
    wire = method.wire, version = method.version, runs = method.kind,
    deadline_ms = method.deadline_ms, open = method.params.additionalProperties == nil or nil,
    metadata = next(method.metadata or {}) and method.metadata or nil,
    schema_hash = options.hash and options.hash(method) or nil,
  }
end

local function describe(method, options)
  return {
    name = method.method,
    summary = method.about and i18n.text(method.about, nil, options.locale) or nil,
    deprecated = method.deprecated or nil,
    paramStructure = 'by-name',
    params = content(method, options),
    result = { name = 'result', schema = method.result or {} },
    errors = options.errors and error_references(method, options) or nil,
    ['x-moonbox'] = extension(method, options),
  }
end

--- `error.data` of a response.
local function error_data(kinds)
  return {
    type = 'object', required = { 'kind', 'details' },
    properties = {
      kind = { type = 'string', enum = kinds },
      details = { type = 'string', description = 'what happened' },
      hint = { type = 'string', description = 'what to do' },
      info = { description = 'structured details' },
      correlationId = { type = 'string', description = 'where the log has more' },
    },
  }
end

local function components(options)
  local errors, kinds = {}, names.sorted_keys(options.errors)
  for _, kind in ipairs(kinds) do
    local row = options.errors[kind]
    errors[kind] = {
      code = row.number, message = i18n.text(row.labelKey, nil, options.locale),
      data = { kind = kind },
    }
  end
  return { errors = errors, schemas = { ErrorData = error_data(kinds) } }
end

---@class lib.rpc.openrpc.Options
---@field title string
---@field version string
---@field locale? string
---@field array fun(list: table): table Marks a list that may be empty
---@field hash? fun(method: lib.rpc.Method): string Of parameters and result
---@field errors? table<string, {number: integer, labelKey: string}> The kinds of errors

---@param methods lib.rpc.Method[]
---@param options lib.rpc.openrpc.Options
---@return table
function M.document(methods, options)
  local list = {}
  for i, method in ipairs(methods) do
    list[i] = describe(method, options)
  end
  return {
    openrpc = M.VERSION,
    info = { title = options.title, version = options.version },
    methods = options.array(list),
    components = options.errors and components(options) or nil,
  }
end

return M
