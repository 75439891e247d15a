--- Schemas: one declaration for the server's check, defaults, CLI arguments, help and JSON Schema.
---
---     local t = require('lib.rpc').types
---     t.string{ max_length = 64, default = 'x' }   t.array{ of = t.package_id }   t.null
---
--- A type may be used bare (`t.string`) or with options. Options of every type: `optional`,
--- `nullable`, `default`, `help` (locale key or text), `positional` (true, or 1, 2, … when there
--- are several), `long`, `short`, `secret`, `no_cli`, `conflicts_with` and `requires` (a key beside
--- it, or several), `stdin` (`-` and `@file` stand for what they hold), `complete` (what the shell
--- offers: `file`, `directory`, `package`, `method`).
local check = require('lib.rpc.check')
local copy = require('lib.copy')
local fault = require('lib.rpc.fault')
local names = require('lib.names')
local where = require('lib.rpc.where')

---@class lib.rpc.Schema
---@field kind string
---@field options table
local Schema = {}
Schema.__index = Schema

local COMMON = {
  optional = 'boolean', nullable = 'boolean', default = 'any', help = 'string',
  positional = 'any', long = 'string', short = 'string', secret = 'boolean', no_cli = 'boolean',
  conflicts_with = 'keys', requires = 'keys', complete = 'string', stdin = 'boolean',
}

local TEXT = {
  min_length = 'number', max_length = 'number', pattern = 'string', pattern_hint = 'string',
  trailing = 'boolean',
}

local RANGE = { min = 'number', max = 'number' }

local KINDS = {
  string = TEXT, text = TEXT, secret = TEXT, url = TEXT, pointer = TEXT, package_id = {},
  guid = {}, datetime = {}, path = { absolute = 'boolean' },
  bytes = { max = 'number' },
  number = RANGE, integer = RANGE, int64 = RANGE, duration = RANGE, size = RANGE,
  boolean = {}, flag = {}, enum = { values = 'table' },
  json = { raw = 'boolean' }, any = {}, null = {},
  array = { of = 'schema', min = 'number', max = 'number', trailing = 'boolean',
    single = 'boolean' },
  map = { of = 'schema', keys = 'schema' }, object = { fields = 'table', open = 'boolean' },
  union = { of = 'table' }, tagged = { tag = 'string', variants = 'table' },
}

--- Kinds that say nothing without options.
local NEVER_BARE = { enum = true, object = true, union = true, tagged = true }

local function is_schema(value) return getmetatable(value) == Schema end

local function declared() return where.here() or where.UNKNOWN end

local function known_options(kind)
  local list = names.sorted_keys(COMMON)
  for _, name in ipairs(names.sorted_keys(KINDS[kind])) do
    list[#list + 1] = name
  end
  return list
end

local function check_option(kind, name, value)
  local expected = KINDS[kind][name] or COMMON[name]
  if not expected then
    fault.raise(declared(), ("t.%s has no option '%s'"):format(kind, tostring(name)),
      fault.meant(tostring(name), known_options(kind), 'known options'))
  end
  local good = expected == 'any' or type(value) == expected
    or (expected == 'schema' and is_schema(value))
    or (expected == 'keys' and type(value) == 'table')
  if not good then
    fault.raise(declared(), ("t.%s: option '%s' must be a %s"):format(kind, name, expected),
      'it is a ' .. type(value))
  end
end

--- Where the members of a list of options go: `t.enum{ 'a', 'b' }`, `t.union{ t.string, t.null }`.
local LISTED = { enum = 'values', union = 'of' }

--- `t.enum{ 'a', 'b' }` and `t.array(t.string)` are short for their long forms.
local function normalise(kind, options)
  if is_schema(options) and (kind == 'array' or kind == 'map') then return { of = options } end
  local listed, long = LISTED[kind], {}
  if listed and options[1] ~= nil then long[listed] = {} end
  for key, value in pairs(options) do
    if type(key) == 'number' and long[listed] then
      long[listed][key] = value
    elseif COMMON[key] == 'keys' and type(value) == 'string' then
      long[key] = { value }
    else
      long[key] = value
    end
  end
  return long
end

local function check_default(schema)
  local default = schema.options.default
  if default == nil then return end
  local value, problems = check.compile(schema, true)(default)
  if problems then
    fault.raise(declared(), ('the default of t.%s does not fit: %s'):format(schema.kind,
      problems[1].path .. ' ' .. problems[1].message), 'give a default of the declared type')
  end
  -- What is written with units is known as a number from here on.
  if schema.kind == 'duration' or schema.kind == 'size' then schema.options.default = value end
end

local function check_schemas(kind, schemas, what)
  for key, schema in pairs(schemas) do
    if not is_schema(schema) then
      fault.raise(declared(), ("%s '%s' of t.%s is not a schema"):format(what, tostring(key), kind),
        'use a type of rpc.types')
    end
  end
end

--- `conflicts_with` and `requires` name fields that are there.
local function check_relations(fields)
  for key, field in pairs(fields) do
    for _, option in ipairs({ 'conflicts_with', 'requires' }) do
      for _, other in ipairs(field.options[option] or {}) do
        if not fields[other] or other == key then
          fault.raise(declared(), ("%s of '%s' names '%s'"):format(option, key, tostring(other)),
            'name another field beside it')
        end
      end
    end
  end
end

local NEEDED = {
  enum = function(options)
    if not (options.values and #options.values > 0) then
      fault.raise(declared(), 't.enum without values', "write t.enum{ 'one', 'two' }")
    end
  end,
  object = function(options)
    if not options.fields then
      fault.raise(declared(), 't.object without fields', 'write t.object{ fields = { … } }')
    end
    check_schemas('object', options.fields, 'field')
    check_relations(options.fields)
  end,
  union = function(options)
    if not (options.of and #options.of > 1) then
      fault.raise(declared(), 't.union of less than two', 'write t.union{ t.string, t.integer }')
    end
    check_schemas('union', options.of, 'alternative')
  end,
  tagged = function(options)
    if not (options.tag and options.variants and next(options.variants)) then
      fault.raise(declared(), 't.tagged without tag or variants',
        "write t.tagged{ tag = 'type', variants = { file = t.object{ … } } }")
    end
    check_schemas('tagged', options.variants, 'variant')
    for name, variant in pairs(options.variants) do
      if variant.kind ~= 'object' or variant.options.fields[options.tag] then
        fault.raise(declared(), ("variant '%s' of t.tagged"):format(name),
          'a variant is a t.object without the tag')
      end
    end
  end,
}

local function make(kind, options)
  local schema = setmetatable({ kind = kind, options = {} }, Schema)
  for name, value in pairs(normalise(kind, options)) do
    check_option(kind, name, value)
    schema.options[name] = value
  end
  schema.takes_null = kind == 'any' or kind == 'json' or kind == 'null'
  if kind == 'flag' and schema.options.default == nil then schema.options.default = false end
  if kind == 'secret' then schema.options.secret = true end
  if NEEDED[kind] then NEEDED[kind](schema.options) end
  check_default(schema)
  return schema
end

--- A bare type called with options.
function Schema:__call(options)
  if not self.bare then
    fault.raise(declared(), 'a schema that has options is called again', 'give all options at once')
  end
  return make(self.kind, options or {})
end

--- The same schema with further options.
---@param more table
---@return lib.rpc.Schema
function Schema:with(more)
  return make(self.kind, copy.merged(self.options, more))
end

--- Checks a value and fills in defaults in place.
---@param value any
---@return any value
---@return lib.rpc.Problem[]? problems
function Schema:check(value)
  self.checker = self.checker or check.member(self)
  return self.checker(value)
end

--- Options every type takes.
---@class lib.rpc.Options
---@field optional? boolean
---@field nullable? boolean
---@field default? any
---@field help? string Locale key
---@field positional? boolean|integer
---@field long? string
---@field short? string
---@field secret? boolean
---@field no_cli? boolean
---@field stdin? boolean
---@field complete? 'file'|'directory'|'package'|'method'|'job'
---@field conflicts_with? string|string[]
---@field requires? string|string[]

---@class lib.rpc.TextOptions: lib.rpc.Options
---@field min_length? integer
---@field max_length? integer
---@field pattern? string Of Lua
---@field pattern_hint? string
---@field trailing? boolean

---@class lib.rpc.RangeOptions: lib.rpc.Options
---@field min? number
---@field max? number

---@class lib.rpc.ArrayOptions: lib.rpc.RangeOptions
---@field of? lib.rpc.Schema
---@field trailing? boolean

---@class lib.rpc.MapOptions: lib.rpc.Options
---@field of? lib.rpc.Schema
---@field keys? lib.rpc.Schema

---@class lib.rpc.ObjectOptions: lib.rpc.Options
---@field fields table<string, lib.rpc.Schema>
---@field open? boolean

---@class lib.rpc.TaggedOptions: lib.rpc.Options
---@field tag string
---@field variants table<string, lib.rpc.Schema> Objects without the tag

---@alias lib.rpc.Type lib.rpc.Schema|fun(options: lib.rpc.Options): lib.rpc.Schema
---@alias lib.rpc.TextType lib.rpc.Schema|fun(options: lib.rpc.TextOptions): lib.rpc.Schema
---@alias lib.rpc.RangeType lib.rpc.Schema|fun(options: lib.rpc.RangeOptions): lib.rpc.Schema

---@class lib.rpc.types
---@field string lib.rpc.TextType
---@field text lib.rpc.TextType Long text; `-` and `@FILE` on the command line
---@field secret lib.rpc.TextType
---@field url lib.rpc.TextType
---@field pointer lib.rpc.TextType JSON pointer
---@field integer lib.rpc.RangeType
---@field int64 lib.rpc.RangeType Beyond 2^53 an `engine.json.Value`
---@field number lib.rpc.RangeType
---@field duration lib.rpc.RangeType Seconds
---@field size lib.rpc.RangeType Bytes
---@field bytes lib.rpc.RangeType Base64 on the wire
---@field boolean lib.rpc.Type
---@field flag lib.rpc.Type
---@field datetime lib.rpc.Type RFC 3339
---@field path lib.rpc.Schema|fun(options: {absolute: boolean?}): lib.rpc.Schema
---@field package_id lib.rpc.Type
---@field guid lib.rpc.Type
---@field any lib.rpc.Type
---@field null lib.rpc.Type
---@field json lib.rpc.Schema|fun(options: {raw: boolean?}): lib.rpc.Schema
---@field enum fun(values: string[]|table): lib.rpc.Schema
---@field array lib.rpc.Schema|fun(options: lib.rpc.ArrayOptions|lib.rpc.Schema): lib.rpc.Schema
---@field map lib.rpc.Schema|fun(options: lib.rpc.MapOptions): lib.rpc.Schema
---@field object fun(options: lib.rpc.ObjectOptions): lib.rpc.Schema
---@field union fun(alternatives: lib.rpc.Schema[]|table): lib.rpc.Schema
---@field tagged fun(options: lib.rpc.TaggedOptions): lib.rpc.Schema
local M = { is_schema = is_schema, KINDS = names.sorted_keys(KINDS) }

for kind in pairs(KINDS) do
  if not NEVER_BARE[kind] then
    M[kind] = make(kind, {})
    M[kind].bare = true
  else
    M[kind] = function(options) return make(kind, options or {}) end
  end
end

--- The schema, but the member may be absent or null.
---@param schema lib.rpc.Schema
---@return lib.rpc.Schema
function M.optional(schema) return schema:with({ optional = true }) end

--- The schema, but the value may be null.
---@param schema lib.rpc.Schema
---@return lib.rpc.Schema
function M.nullable(schema) return schema:with({ nullable = true }) end

-- `{ id = t.strng }` would be a table without `id`.
return setmetatable(M, { __index = function(_, name)
  local words = { 'nullable', 'optional', unpack(M.KINDS) }
  local meant = names.nearest(tostring(name), words)
  fault.raise(declared(), ('there is no type t.%s'):format(tostring(name)),
    meant and ('did you mean t.%s?'):format(meant) or 'there are ' .. table.concat(words, ', '))
end })
