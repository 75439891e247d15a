--- Checks on the arguments of declarations, shared by handlers and parents.
local fault = require('lib.rpc.fault')
local i18n = require('lib.i18n')
local names = require('lib.names')
local types = require('lib.rpc.types')

local M = {}

---@param schema any
---@param method string
---@param at lib.rpc.Where
---@return lib.rpc.Schema
function M.schema(schema, method, at)
  if not types.is_schema(schema) then
    fault.raise(at, ('%s expects a schema, got %s'):format(method, type(schema)),
      'use a type of rpc.types, such as t.string')
  end
  return schema
end

--- A context is named `RpcContext`, `CliContext`, `InitContext`, …: whatever its tree declares.
---@param name any
---@param at lib.rpc.Where
---@return string
function M.context(name, at)
  if type(name) ~= 'string' or not name:find('^%u%a*Context$') then
    fault.raise(at, ("'%s' is no name of a context"):format(tostring(name)),
      'such as RpcContext, CliContext, DiagnosticContext')
  end
  return name
end

local function check_raw(key, schema, at)
  local inner = schema.options.of
  if inner and inner.kind == 'json' and inner.options.raw then
    fault.raise(at, ("parameter '%s' holds raw JSON inside"):format(key),
      'only a parameter itself can be raw: t.json{ raw = true }')
  end
end

local function check_placing(key, schema, at)
  local options = schema.options
  local place = options.positional
  if place and options.secret then
    fault.raise(at, ("secret parameter '%s' is positional"):format(key),
      'arguments are seen by every user of the machine: make it an option read from stdin')
  end
  if place and schema.kind == 'flag' then
    fault.raise(at, ("flag '%s' is positional"):format(key), 'remove positional')
  end
  if place ~= nil and place ~= false and place ~= true and type(place) ~= 'number' then
    fault.raise(at, ("positional of '%s' must be true or a number"):format(key), 'such as 1')
  end
  if options.short and not options.short:find('^%a$') then
    fault.raise(at, ("short name of '%s' must be one letter"):format(key), "such as short = 'f'")
  end
  if options.long and not options.long:find('^%l[%l%d-]*$') then
    fault.raise(at, ("long name of '%s' is not kebab-case"):format(key), 'a-z, 0-9 and -')
  end
end

--- A checked copy of a parameter table.
---@param params any
---@param at lib.rpc.Where
---@return table<string, lib.rpc.Schema>
function M.params(params, at)
  if type(params) ~= 'table' or types.is_schema(params) then
    fault.raise(at, 'with_params expects a table of key = schema', 'with_params({ id = t.string })')
  end
  local copy = {}
  for key, schema in pairs(params) do
    if type(key) ~= 'string' or not key:find('^%l[%a%d]*$') then
      fault.raise(at, ("parameter name '%s' is not camelCase"):format(tostring(key)),
        'the key is the name on the wire: letters and digits, beginning with a small letter')
    end
    M.schema(schema, ("parameter '%s'"):format(key), at)
    check_raw(key, schema, at)
    check_placing(key, schema, at)
    copy[key] = schema
  end
  return copy
end

---@param at lib.rpc.Where
---@param ... string
---@return string[]
function M.contexts(at, ...)
  local list, seen = { ... }, {}
  if #list == 0 then fault.raise(at, 'with_context without a context', 'name at least one') end
  for _, name in ipairs(list) do
    M.context(name, at)
    if seen[name] then fault.raise(at, ("context '%s' twice"):format(name), 'remove one') end
    seen[name] = true
  end
  return list
end

--- Kinds of errors, which have a label in the locales.
---@param at lib.rpc.Where
---@param ... string
---@return string[]
function M.kinds(at, ...)
  local list = { ... }
  for _, kind in ipairs(list) do
    local key = type(kind) == 'string' and 'error.' .. kind:gsub('_', '-')
    if not key or kind:find('-', 1, true) or i18n.has(key) == false then
      fault.raise(at, ("'%s' is no kind of error"):format(tostring(kind)),
        'docs/rpc.md lists them: not_found, conflict, …')
    end
  end
  return list
end

---@param metadata table
---@param key any
---@param value any
---@param at lib.rpc.Where
function M.metadata(metadata, key, value, at)
  if type(key) ~= 'string' or value == nil then
    fault.raise(at, 'with_metadata expects a key and a value', "with_metadata('sync_db', true)")
  end
  if metadata[key] ~= nil then
    fault.raise(at, ("metadata '%s' is given twice"):format(key), 'remove one')
  end
  metadata[key] = value
end

---@param fn any
---@param method string
---@param at lib.rpc.Where
---@return function
function M.callable(fn, method, at)
  if type(fn) ~= 'function' then
    fault.raise(at, ('%s expects a function, got %s'):format(method, type(fn)),
      'pass the function itself')
  end
  return fn
end

---@param key any
---@param at lib.rpc.Where
---@return string
function M.about(key, at)
  if type(key) ~= 'string' or not key:find('^[%l%d-]+%.[%l%d.-]+$') then
    fault.raise(at, ("with_about expects a locale key, got '%s'"):format(tostring(key)),
      "put the text into scripts/locales and name its key: with_about('about.package.start')")
  end
  return key
end

---@param at lib.rpc.Where
---@param ... any
---@return string[]
function M.examples(at, ...)
  local list = { ... }
  for i = 1, select('#', ...) do
    if type(list[i]) ~= 'string' or not list[i]:find('^%l') or list[i]:find('^moon%-cli') then
      fault.raise(at, ("'%s' is no example"):format(tostring(list[i])),
        "write the command without the program: 'package start hello-world --wait'")
    end
  end
  return list
end

local KEY_TYPES = { boolean = true, number = true, string = true }

-- A wrong declaration would be blamed on the handlers that use it.
local function check_keys(name, keys, at)
  local named = type(keys) == 'table'
  for key in pairs(named and keys or {}) do
    named = named and type(key) == 'string'
  end
  if not named then
    fault.raise(at, ("keys of middleware '%s' is no table of metadata keys"):format(name),
      "keys = { quota = { type = 'number', default = 3 } }")
  end
  for _, key in ipairs(names.sorted_keys(keys)) do
    local spec = type(keys[key]) == 'table' and keys[key] or {}
    if not KEY_TYPES[spec.type] then
      fault.raise(at, ("the type of metadata '%s' is '%s'"):format(key, tostring(spec.type)),
        "'boolean', 'number' or 'string'")
    end
    if spec.default ~= nil and type(spec.default) ~= spec.type then
      fault.raise(at, ("the default of metadata '%s' is no %s"):format(key, spec.type),
        "such as { type = 'boolean', default = false }")
    end
  end
end

---@param one any
---@param at lib.rpc.Where
---@return lib.rpc.Middleware
function M.middleware(one, at)
  if type(one) ~= 'table' or type(one.name) ~= 'string' then
    fault.raise(at, ('a %s is no middleware'):format(type(one)),
      'it is a table with name, keys, request and response')
  end
  check_keys(one.name, one.keys or {}, at)
  if one.contexts ~= nil then
    if type(one.contexts) ~= 'table' then
      fault.raise(at, ("contexts of middleware '%s' is no list"):format(one.name),
        "contexts = { 'RpcContext' }")
    end
    M.contexts(at, unpack(one.contexts))
  end
  for _, hook in ipairs({ 'request', 'response', 'applies', 'concerns' }) do
    if one[hook] ~= nil and type(one[hook]) ~= 'function' then
      fault.raise(at, ("%s of middleware '%s' is a %s"):format(hook, one.name, type(one[hook])),
        'it must be a function')
    end
  end
  if not (one.request or one.response) then
    fault.raise(at, ("middleware '%s' has neither request nor response"):format(one.name),
      'function M.request(call, params, metadata) … end')
  end
  return one
end

---@param chain any
---@param at lib.rpc.Where
---@return lib.rpc.Middleware[]
function M.chain(chain, at)
  if type(chain) ~= 'table' or chain.name then
    fault.raise(at, 'with_middleware expects a list',
      "with_middleware('RpcContext', { one, another })")
  end
  for i = 1, #chain do
    M.middleware(chain[i], at)
  end
  return chain
end

---@param name any
---@param at lib.rpc.Where
---@return string
function M.name(name, at)
  if type(name) ~= 'string' or not name:find('^%l[%l%d-]*$') then
    fault.raise(at, ("%s is no name for a subcommand"):format(type(name) == 'string'
      and ("'%s'"):format(name) or 'a ' .. type(name)),
      'a-z, 0-9 and -, beginning with a letter')
  end
  return name
end

return M
