--- TypeScript declarations of the methods: `Methods` maps a name to its parameters and result.
local i18n = require('lib.i18n')
local methods_of = require('lib.rpc.generate.methods')
local names = require('lib.names')

local M = {}

local SCALARS = {
  string = 'string', number = 'number', integer = 'number', boolean = 'boolean', null = 'null',
}

local function quoted(text) return ("'%s'"):format(text:gsub("['\\]", '\\%0')) end

local function member(name) return name:find('^[%a_][%w_]*$') and name or quoted(name) end

local function joined(list, each)
  local out, seen = {}, {}
  for _, item in ipairs(list) do
    local text = each(item)
    if not seen[text] then
      out[#out + 1], seen[text] = text, true
    end
  end
  return table.concat(out, ' | ')
end

local type_of

local function fields(schema, indent, notes)
  local inner, lines = indent .. '  ', {}
  for _, key in ipairs(names.sorted_keys(schema.properties)) do
    local property = schema.properties[key]
    local mark = methods_of.is_required(schema, key) and '' or '?'
    local note = notes and notes[key]
    if note then lines[#lines + 1] = ('%s/** %s */'):format(inner, note) end
    lines[#lines + 1] = ('%s%s%s: %s;'):format(inner, member(key), mark, type_of(property, inner))
  end
  return lines
end

local function object(schema, indent, notes)
  local extra = schema.additionalProperties
  if not schema.properties then
    if type(extra) == 'table' then
      return ('Record<string, %s>'):format(type_of(extra, indent))
    end
    return extra == false and 'Record<string, never>' or '{ [key: string]: Json }'
  end
  return '{\n' .. table.concat(fields(schema, indent, notes), '\n') .. '\n' .. indent .. '}'
end

local function array(schema, indent)
  return ('Array<%s>'):format(schema.items and type_of(schema.items, indent) or 'Json')
end

--- The type of a JSON Schema.
---@param schema table
---@param indent string
---@param notes? table<string, string> What to say about members of an object
---@return string
function type_of(schema, indent, notes)
  if schema.const ~= nil then return quoted(schema.const) end
  if schema.enum then return joined(schema.enum, quoted) end
  local several = schema.anyOf or schema.oneOf
  if several then return joined(several, function(one) return type_of(one, indent) end) end
  if type(schema.type) == 'table' then
    return joined(schema.type, function(name)
      local one = { type = name, properties = schema.properties, required = schema.required,
        items = schema.items, additionalProperties = schema.additionalProperties }
      return type_of(one, indent)
    end)
  end
  if schema.type == 'object' then return object(schema, indent, notes) end
  if schema.type == 'array' then return array(schema, indent) end
  return SCALARS[schema.type] or 'Json'
end

local function notes_of(method)
  local notes = {}
  for key, help in pairs(method.help or {}) do
    notes[key] = i18n.text(help)
  end
  return notes
end

local function entry(method)
  local lines = { '  /**' }
  if method.about then lines[#lines + 1] = '   * ' .. i18n.text(method.about) end
  lines[#lines + 1] = ('   * Wire name: `%s`.'):format(method.wire)
  if method.deprecated then lines[#lines + 1] = '   * @deprecated' end
  lines[#lines + 1] = '   */'
  lines[#lines + 1] = ('  %s: {'):format(quoted(method.method))
  local own = method.ts or {}
  lines[#lines + 1] = ('    params: %s;'):format(own.params
    or type_of(method.params, '    ', notes_of(method)))
  lines[#lines + 1] = ('    result: %s;'):format(own.result or type_of(method.result or {}, '    '))
  lines[#lines + 1] = '  };'
  return table.concat(lines, '\n')
end

local HEAD = [[
// The methods of moonbox. Made from the handler tree by `./dev docs`; do not edit.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
]]

local TAIL = [[
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Methods[M]['params'];
export type Result<M extends MethodName> = Methods[M]['result'];

/** `error.data` of a response: `kind` is what programs should look at. */
export interface ErrorData {
  kind: ErrorKind;
  details: string;
  hint?: string;
  info?: Json;
  correlationId?: string;
}

export interface RpcError {
  code: number;
  message: string;
  data?: ErrorData;
}

export interface Request<M extends MethodName = MethodName> {
  jsonrpc?: '2.0';
  id?: string | number | null;
  method: M;
  params: Params<M>;
  /** The language of labels and texts, such as `de_DE`. */
  locale?: string;
  /** Lowers the deadline of the method. */
  deadline_ms?: number;
  /** An action with a key that was seen before is not run again. */
  idempotency_key?: string;
}

export type Response<M extends MethodName = MethodName> =
  | { jsonrpc: '2.0'; id: string | number | null; result: Result<M>; error?: undefined }
  | { jsonrpc: '2.0'; id: string | number | null; error: RpcError; result?: undefined };

/** Methods that may be called without parameters. */
type Optional<M extends MethodName> = Record<string, never> extends Params<M> ? true
  : Partial<Params<M>> extends Params<M> ? true : false;

export type CallArguments<M extends MethodName> = Optional<M> extends true
  ? [params?: Params<M>]
  : [params: Params<M>];

/** A client whose calls are checked against the methods. */
export interface Client {
  call<M extends MethodName>(method: M, ...params: CallArguments<M>): Promise<Result<M>>;
}
]]

local function kinds(errors)
  local list = {}
  for i, kind in ipairs(names.sorted_keys(errors)) do
    list[i] = '  | ' .. quoted(kind)
  end
  return 'export type ErrorKind =\n' .. table.concat(list, '\n') .. ';\n'
end

---@param methods lib.rpc.generate.Method[]
---@param errors table<string, table> The kinds of errors
---@return string
function M.document(methods, errors)
  local entries = {}
  for _, method in ipairs(methods) do
    if not (method.ts and method.ts.params == false) then entries[#entries + 1] = entry(method) end
  end
  local interface = 'export interface Methods {\n' .. table.concat(entries, '\n') .. '\n}\n'
  return table.concat({ HEAD, interface, kinds(errors), TAIL }, '\n')
end

return M
