--- From command-line words to the JSON object an RPC client would send.
---
--- Texts become what their schema wants: numbers, booleans, JSON. Where the type allows it (text,
--- JSON, bytes, secrets, and types with `stdin = true`) `-` stands for standard input, `@file` for
--- what is in a file, and `@@` for a plain `@`.
local arguments = require('lib.rpc.arguments')
local base64 = require('lib.base64')
local i18n = require('lib.i18n')

local M = {}

---@class lib.rpc.Reader Where `-` and `@file` come from
---@field read_stdin fun(): string?, table?
---@field read_file fun(path: string): string?, table?
---@field decode fun(text: string): any, table?
---@field raw fun(text: string): any, table? An opaque JSON value
---@field locale string? Of what is complained about

local JSON = {
  json = true, any = true, object = true, map = true, null = true, union = true, tagged = true,
}

local NUMBERS = { number = true, integer = true, int64 = true }

local FILES = { text = true, bytes = true, secret = true }

local function problem(reader, key, args)
  return nil, { code = 'usage', message = i18n.text(key, args, reader.locale) }
end

local function takes_files(schema)
  return FILES[schema.kind] or JSON[schema.kind] or schema.options.stdin or schema.options.secret
end

--- What is in a file or in standard input, which can be read once.
local function load_from(name, word, reader)
  local text, err
  if word ~= '-' then
    text, err = reader.read_file(word:sub(2))
  elseif reader.stdin_for then
    return problem(reader, 'error.cli.stdin-twice', { argument = name, other = reader.stdin_for })
  else
    reader.stdin_for = name
    text, err = reader.read_stdin()
  end
  if text then return text end
  local why = type(err) == 'table' and err.message or tostring(err)
  return nil, { code = 'usage', message = ('%s: %s'):format(name, why), hint = word ~= '-'
    and i18n.text('error.cli.literal-at', { word = word }, reader.locale) or nil }
end

--- The text a word stands for.
local function load_text(name, word, schema, reader)
  if not takes_files(schema) then return word end
  if word:sub(1, 2) == '@@' then return word:sub(2) end
  if word ~= '-' and word:sub(1, 1) ~= '@' then return word end
  local text, err = load_from(name, word, reader)
  if not text then return nil, err end
  if schema.kind == 'bytes' then return base64.encode(text) end
  -- Editors and `echo` end a file with a newline that is no part of a name or a password.
  if schema.kind ~= 'text' and not JSON[schema.kind] then text = text:gsub('\r?\n$', '') end
  return text
end

local function to_number(name, word, reader)
  local number = word:find('^[+-]?%d*%.?%d+[eE]?[+-]?%d*$') and tonumber(word)
  if number then return number end
  return problem(reader, 'error.cli.expected-number', { argument = name, word = word })
end

local function to_boolean(name, word, reader)
  if word == 'true' then return true end
  if word == 'false' then return false end
  return problem(reader, 'error.cli.expected-boolean', { argument = name, word = word })
end

local function to_json(name, text, schema, reader)
  local convert = schema.options.raw and reader.raw or reader.decode
  local value, err = convert(text)
  if value ~= nil then return value end
  return problem(reader, 'error.cli.not-json',
    { argument = name, why = tostring(err and err.message or err) })
end

local function scan_one(name, word, schema, reader)
  if type(word) ~= 'string' then return word end
  local text, err = load_text(name, word, schema, reader)
  if not text then return nil, err end
  if JSON[schema.kind] then return to_json(name, text, schema, reader) end
  if schema.kind == 'array' then return to_json(name, text, schema, reader) end
  if NUMBERS[schema.kind] then return to_number(name, text, reader) end
  if schema.kind == 'boolean' or schema.kind == 'flag' then
    return to_boolean(name, text, reader)
  end
  return text
end

local function scan_list(name, words, schema, reader)
  local list = {}
  for i, word in ipairs(words) do
    local value, err = scan_one(name, word, schema.options.of, reader)
    if value == nil then return nil, err end
    list[i] = value
  end
  return list
end

local function is_list(schema)
  local of = schema.kind == 'array' and schema.options.of
  return of and not JSON[of.kind] and of.kind ~= 'array'
end

---@param params table<string, any> key → word, list of words, or a value already understood
---@param schemas table<string, lib.rpc.Schema>
---@param reader lib.rpc.Reader
---@return table? params
---@return table? err `usage`
function M.params(params, schemas, reader)
  local out = {}
  for key, word in pairs(params) do
    local schema, value, err = schemas[key], word, nil
    local name = schema and arguments.display_name(key, schema)
    if schema and is_list(schema) then
      value, err = scan_list(name, type(word) == 'table' and word or { word }, schema, reader)
    elseif schema then
      value, err = scan_one(name, word, schema, reader)
    end
    if err then return nil, err end
    out[key] = value
  end
  return out
end

return M
