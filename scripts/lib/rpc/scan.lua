--- From command-line words to the JSON object an RPC client would send.
---
--- Texts become what their schema wants: numbers, booleans, JSON. Where the type allows it (text,
--- JSON, bytes, secrets, and types with `stdin = true`) `-` stands for standard input, `@file` for
--- what is in a file, and `@@` for a plain `@`.
local base64 = require('lib.base64')

local M = {}

---@class lib.rpc.Reader Where `-` and `@file` come from
---@field read_stdin fun(): string?, table?
---@field read_file fun(path: string): string?, table?
---@field decode fun(text: string): any, table?
---@field raw fun(text: string): any, table? An opaque JSON value

local JSON = {
  json = true, any = true, object = true, map = true, null = true, union = true, tagged = true,
}

local NUMBERS = { number = true, integer = true, int64 = true }

local FILES = { text = true, bytes = true, secret = true }

local function problem(key, message, hint)
  return nil, { code = 'usage', message = ('%s: %s'):format(key, message), hint = hint }
end

local function takes_files(schema)
  return FILES[schema.kind] or JSON[schema.kind] or schema.options.stdin or schema.options.secret
end

--- Standard input can be read once.
local function read_stdin(key, reader)
  if reader.stdin_for then
    return nil, ('standard input was read for %s already'):format(reader.stdin_for)
  end
  reader.stdin_for = key
  return reader.read_stdin()
end

--- The text a word stands for, and whether it was read from somewhere.
local function load_text(key, word, schema, reader)
  if not takes_files(schema) then return word end
  if word:sub(1, 2) == '@@' then return word:sub(2) end
  local text, err
  if word == '-' then
    text, err = read_stdin(key, reader)
  elseif word:sub(1, 1) == '@' then
    text, err = reader.read_file(word:sub(2))
  else
    return word
  end
  if not text then
    return problem(key, tostring(type(err) == 'table' and err.message or err),
      word ~= '-' and ('a value that begins with @ is written @%s'):format(word) or nil)
  end
  if schema.kind == 'bytes' then return base64.encode(text) end
  -- Editors and `echo` end a file with a newline that is no part of a name or a password.
  if schema.kind ~= 'text' and not JSON[schema.kind] then text = text:gsub('\r?\n$', '') end
  return text
end

local function to_number(key, word)
  if not word:find('^[+-]?%d*%.?%d+[eE]?[+-]?%d*$') then
    return problem(key, ("expected a number, got '%s'"):format(word))
  end
  local number = tonumber(word)
  if not number then return problem(key, ("expected a number, got '%s'"):format(word)) end
  return number
end

local function to_boolean(key, word)
  if word == 'true' then return true end
  if word == 'false' then return false end
  return problem(key, ("expected true or false, got '%s'"):format(word))
end

local function to_json(key, text, schema, reader)
  local convert = schema.options.raw and reader.raw or reader.decode
  local value, err = convert(text)
  if value == nil then
    return problem(key, 'not JSON: ' .. tostring(err and err.message or err))
  end
  return value
end

local function scan_one(key, word, schema, reader)
  if type(word) ~= 'string' then return word end
  local text, err = load_text(key, word, schema, reader)
  if not text then return nil, err end
  if JSON[schema.kind] then return to_json(key, text, schema, reader) end
  if schema.kind == 'array' then return to_json(key, text, schema, reader) end
  if NUMBERS[schema.kind] then return to_number(key, text) end
  if schema.kind == 'boolean' or schema.kind == 'flag' then return to_boolean(key, text) end
  return text
end

local function scan_list(key, words, schema, reader)
  local list = {}
  for i, word in ipairs(words) do
    local value, err = scan_one(key, word, schema.options.of, reader)
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
    if schema and is_list(schema) then
      value, err = scan_list(key, type(word) == 'table' and word or { word }, schema, reader)
    elseif schema then
      value, err = scan_one(key, word, schema, reader)
    end
    if err then return nil, err end
    out[key] = value
  end
  return out
end

return M
