--- Command-line arguments of a level of the tree, made from its schemas.
local copy = require('lib.copy')
local fault = require('lib.rpc.fault')
local i18n = require('lib.i18n')
local json_schema = require('lib.rpc.json_schema')
local names = require('lib.names')

---@class lib.rpc.Argument
---@field key string Key in the params
---@field kind 'positional'|'option'|'flag'
---@field long string? `--force`
---@field short string? `-f`
---@field name string `FORCE`, for help
---@field type 'string'|'number'|'integer'|'boolean'|'json'|'path'
---@field required boolean
---@field repeated boolean
---@field trailing boolean Takes everything after the positionals, dashes included
---@field default any
---@field choices string[]?
---@field value boolean? What a flag sets when it is given
---@field own boolean? Of a group's own handler: commands below the group do not take it
---@field complete string? What the shell offers: `file`, `directory`, `package`, `method`, …
---@field help string

local M = {}

local TYPES = {
  number = 'number', integer = 'integer', int64 = 'integer', boolean = 'boolean', flag = 'boolean',
  path = 'path', json = 'json', any = 'json', object = 'json', map = 'json', null = 'json',
  union = 'json', tagged = 'json',
}

--- What the shell can offer for a kind of value.
local COMPLETE = { path = 'file', package_id = 'package' }

--- Options of every command; a parameter must not take their names.
local TAKEN = {
  ['--help'] = true, ['-h'] = true, ['--version'] = true, ['--format'] = true,
  ['--data-dir'] = true, ['--instance'] = true,
}

local function element(schema) return schema.kind == 'array' and schema.options.of or schema end

local function is_list(schema)
  local of = schema.kind == 'array' and schema.options.of
  return of and TYPES[of.kind] ~= 'json' or false
end

--- A flag that is on unless it is said otherwise is said as `--no-NAME`.
local function long_name(key, schema)
  local name = schema.options.long
  if not name then
    local off = schema.kind == 'flag' and schema.options.default == true
    name = (off and 'no-' or '') .. names.kebab(key)
  end
  return '--' .. name
end

--- How the command line names a parameter: `ID`, `--max-size`.
---@param key string
---@param schema lib.rpc.Schema
---@return string
function M.display_name(key, schema)
  return schema.options.positional and names.placeholder(key) or long_name(key, schema)
end

local function argument(key, schema, locale)
  local options = schema.options
  local one = is_list(schema) and element(schema) or schema
  local place = options.positional
  local kind = (place and 'positional') or (schema.kind == 'flag' and 'flag') or 'option'
  local default = options.default
  local shown = type(default) ~= 'table' and kind ~= 'flag' and not options.secret
  local entry = {
    key = key, kind = kind, place = place, name = names.placeholder(key),
    long = kind ~= 'positional' and long_name(key, schema) or nil,
    short = kind ~= 'positional' and options.short and '-' .. options.short or nil,
    type = one.kind == 'array' and 'json' or TYPES[one.kind] or 'string',
    required = not json_schema.may_miss(schema), repeated = is_list(schema),
    trailing = options.trailing == true,
    default = shown and default or nil,
    complete = one.options.complete or COMPLETE[one.kind],
    choices = one.options.values or (one.kind == 'boolean' and { 'true', 'false' }) or nil,
    help = locale and options.help and i18n.text(options.help, nil, locale) or '',
  }
  if kind == 'flag' then entry.value = default ~= true end
  return entry
end

local function before(a, b)
  if (a.kind == 'positional') ~= (b.kind == 'positional') then return a.kind == 'positional' end
  if a.kind == 'positional' then
    return (a.place == true and 1 or a.place) < (b.place == true and 1 or b.place)
  end
  return a.key < b.key
end

local function check_places(list, at)
  local taken, optional, variadic = {}, nil, nil
  for _, entry in ipairs(list) do
    if entry.kind ~= 'positional' then return end
    local place = entry.place == true and 1 or entry.place
    if taken[place] then
      fault.raise(at, ("'%s' and '%s' have the same position"):format(taken[place], entry.key),
        'number them: positional = 1, positional = 2')
    end
    if variadic then
      fault.raise(at, ("positional '%s' follows the repeated '%s'"):format(entry.key, variadic),
        'the repeated one must be the last')
    end
    if optional and entry.required then
      fault.raise(at, ("required positional '%s' follows the optional '%s'"):format(entry.key,
        optional), 'put it before, or make it optional')
    end
    taken[place], optional = entry.key, not entry.required and entry.key or optional
    variadic = entry.repeated and entry.key or variadic
  end
end

--- The arguments of one level, positionals first.
---@param params table<string, lib.rpc.Schema>
---@param locale? string Of the help; without it there is none
---@return lib.rpc.Argument[]
function M.of(params, locale)
  local list = {}
  for _, key in ipairs(names.sorted_keys(params)) do
    if not params[key].options.no_cli then list[#list + 1] = argument(key, params[key], locale) end
  end
  table.sort(list, before)
  return list
end

--- The parameters a command level takes: its own, and those of the root handler of a group.
---@param node lib.rpc.Node
---@return table<string, lib.rpc.Schema>
function M.params(node)
  if not (node.group and node.leaf) then return node.own_params end
  return copy.merged(node.own_params, node.leaf.handler.params)
end

--- Checks the arguments of one level against those above. Raises a load error.
---@param node lib.rpc.Node
---@param above table<string, string> Option name → key
---@return table<string, string> handed_down With the options this level has for those below
function M.check(node, above)
  local at = node.leaf and node.leaf.handler.at or node.at
  local list, seen, handed_down = M.of(M.params(node)), {}, {}
  for name, key in pairs(above) do
    seen[name], handed_down[name] = key, key
  end
  check_places(list, at)
  for _, entry in ipairs(list) do
    for _, name in ipairs({ entry.long or false, entry.short or false }) do
      if name and (seen[name] or TAKEN[name]) then
        fault.raise(at, ("option %s of '%s' is taken%s"):format(name, entry.key,
          seen[name] and (" by '%s'"):format(seen[name]) or ' by every command'),
          "give it another name: long = '…'")
      end
      if name then
        seen[name] = entry.key
        if node.own_params[entry.key] then handed_down[name] = entry.key end
      end
    end
  end
  return handed_down
end

return M
