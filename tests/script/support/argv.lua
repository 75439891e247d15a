--- Words of command lines that fit the commands of a tree, and the parameters they stand for.
local arguments = require('lib.rpc.arguments')
local json = require('engine.json')
local json_schema = require('lib.rpc.json_schema')

local M = {}

--- A value of a JSON Schema, as one would type it.
local WORDS = {
  package_id = 'a', guid = ('A2'):rep(16), url = 'https://a/', path = '/a', pointer = '/a',
  datetime = '2026-01-31T12:00:00Z', bytes = 'aGk=', duration = '5s', size = '1K', number = '1.5',
  integer = '3', int64 = '3', boolean = 'true', json = '{"a":1}', any = '1', map = '{}',
  null = 'null',
}

--- A word that fits.
---@param schema lib.rpc.Schema
---@return any
function M.word(schema)
  local options = schema.options
  if options.values then return options.values[1] end
  if schema.kind == 'object' then
    local out = {}
    for key, field in pairs(options.fields) do
      if not json_schema.may_miss(field) then out[key] = M.word(field) end
    end
    return json.encode(out)
  end
  if schema.kind == 'array' then return options.of and { M.word(options.of) } or '[]' end
  if options.min and schema.kind == 'integer' then return tostring(options.min) end
  return WORDS[schema.kind] or ('x'):rep(math.max(1, options.min_length or 1))
end

--- Arguments that go with each other.
local function compatible(leaf)
  local list, taken = {}, {}
  for _, argument in ipairs(arguments.of(leaf.params)) do
    local fits = true
    for _, other in ipairs(leaf.params[argument.key].options.conflicts_with or {}) do
      fits = fits and not taken[other]
    end
    if fits then
      list[#list + 1], taken[argument.key] = argument, true
    end
  end
  return list
end

--- What the parser hands over when all of them are given.
---@param leaf lib.rpc.Leaf
---@return table<string, any>
function M.typed(leaf)
  local words = {}
  for _, argument in ipairs(compatible(leaf)) do
    local schema = leaf.params[argument.key]
    if argument.kind == 'flag' then
      words[argument.key] = argument.value
    elseif argument.repeated then
      words[argument.key] = { M.word(schema.options.of) }
    else
      words[argument.key] = M.word(schema)
    end
  end
  return words
end

--- What a word stands for on the wire.
local function value(schema, text)
  local kind = schema.kind
  if kind == 'number' or kind == 'integer' or kind == 'int64' then return tonumber(text) end
  if kind == 'boolean' or kind == 'flag' then return text == 'true' end
  local is_json = kind == 'json' or kind == 'any' or kind == 'object' or kind == 'map'
    or kind == 'null' or kind == 'union' or kind == 'tagged' or kind == 'array'
  return is_json and json.decode(text) or text
end

local function put_option(words, argument, text, form)
  if form == 'short' and argument.short then
    words[#words + 1], words[#words + 2] = argument.short, text
  elseif form == 'equals' then
    words[#words + 1] = ('%s=%s'):format(argument.long, text)
  else
    words[#words + 1], words[#words + 2] = argument.long, text
  end
end

--- The argument in words, and its value; a list has two members.
local function put(words, params, argument, schema, form)
  if argument.kind == 'flag' then
    words[#words + 1] = form == 'short' and argument.short or argument.long
    params[argument.key] = argument.value
    return
  end
  local of = argument.repeated and schema.options.of or schema
  local text, values = M.word(of), {}
  for i = 1, argument.repeated and 2 or 1 do
    values[i] = value(of, text)
    if argument.kind == 'positional' then
      words[#words + 1] = text
    else
      put_option(words, argument, text, form)
    end
  end
  params[argument.key] = argument.repeated and values or values[1]
end

--- A command line of the leaf, from below the program, and the parameters it sends.
---@param leaf lib.rpc.Leaf
---@param form 'least'|'long'|'equals'|'short' What is required only, or all that goes together
---@return string[] words
---@return table params
function M.line(leaf, form)
  local words, params, last = { unpack(leaf.path) }, {}, nil
  for _, argument in ipairs(compatible(leaf)) do
    if argument.trailing then
      last = argument
    elseif form ~= 'least' or argument.required then
      put(words, params, argument, leaf.params[argument.key], form)
    end
  end
  if last then put(words, params, last, leaf.params[last.key], form) end
  return words, params
end

return M
