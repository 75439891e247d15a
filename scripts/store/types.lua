--- The types of the document, made from its schema: TypeScript for clients, LuaCATS classes for the
--- models of scripts and what they give.
local names = require('lib.names')
local schema = require('store.schema')
local shape = require('lib.rpc.json_schema')

local M = {}

local PLAIN = {
  number = 'number', integer = 'integer', int64 = 'integer', duration = 'number', size = 'number',
  boolean = 'boolean', flag = 'boolean', any = 'any', json = 'any', null = 'null',
}

local function quoted(text) return ("'%s'"):format(text) end

--- Calls `visit` with each named part and its name, what it refers to first.
local function each_named(visit)
  local seen = {}
  local function walk(part)
    local name, options = schema.name_of(part), part.options
    if name and seen[name] then return end
    if name then seen[name] = true end
    for _, list in ipairs({ options.fields or {}, options.variants or {},
      part.kind == 'union' and options.of or {} }) do
      for _, key in ipairs(names.sorted_keys(list)) do
        walk(list[key])
      end
    end
    if part.kind == 'map' or part.kind == 'array' then walk(options.of) end
    if name then visit(name, part) end
  end
  walk(schema.document)
end

local function mapped(list, each)
  local out = {}
  for i, item in ipairs(list) do
    out[i] = each(item)
  end
  return out
end

--- How a language writes types.
---@class store.types.Language
---@field plain table<string, string>
---@field named fun(name: string): string
---@field list fun(of: string): string
---@field map fun(of: string): string
---@field member fun(key: string, optional: boolean, type: string): string
---@field object fun(members: string[], open: boolean): string
---@field null string
---@field or_ string Between alternatives

--- The type of a part; `inner`: spelt out even if it has a name.
local function type_of(language, part, inner)
  local name, options = not inner and schema.name_of(part), part.options
  local function members(of, tag)
    local list = { tag }
    for _, key in ipairs(names.sorted_keys(of.options.fields)) do
      local field = of.options.fields[key]
      list[#list + 1] = language.member(key, shape.may_miss(field), type_of(language, field))
    end
    return language.object(list, of.options.open == true)
  end
  local text
  if name then
    text = language.named(name)
  elseif part.kind == 'enum' then
    text = table.concat(mapped(options.values, quoted), language.or_)
  elseif part.kind == 'array' then
    text = language.list(type_of(language, options.of))
  elseif part.kind == 'map' then
    text = language.map(type_of(language, options.of))
  elseif part.kind == 'object' then
    text = members(part)
  elseif part.kind == 'union' then
    text = table.concat(mapped(options.of, function(one) return type_of(language, one) end),
      language.or_)
  elseif part.kind == 'tagged' then
    text = table.concat(mapped(names.sorted_keys(options.variants), function(variant)
      return members(options.variants[variant],
        language.member(options.tag, false, quoted(variant)))
    end), language.or_)
  else
    text = language.plain[part.kind] or language.plain[PLAIN[part.kind]] or 'string'
  end
  return options.nullable and not inner and text .. language.or_ .. language.null or text
end

local TYPESCRIPT = {
  plain = { number = 'number', integer = 'number', boolean = 'boolean', any = 'Json',
    null = 'null' },
  null = 'null', or_ = ' | ',
  named = function(name) return name end,
  list = function(of) return ('Array<%s>'):format(of) end,
  map = function(of) return ('Record<string, %s>'):format(of) end,
  member = function(key, optional, type)
    return ('%s%s: %s'):format(key, optional and '?' or '', type)
  end,
  object = function(members, open)
    local list = { unpack(members) }
    if open then list[#list + 1] = '[key: string]: unknown' end
    return #list == 0 and 'Record<string, never>' or '{ ' .. table.concat(list, '; ') .. ' }'
  end,
}

local TYPESCRIPT_HEAD = [[
// What the document of the store holds; db.dump and db.subscribe give `Public`. Made from
// scripts/store/schema.lua by `./dev docs`; do not edit.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
]]

local function spread(text) return (text:gsub('^{ (.*) }$', '{\n  %1;\n}'):gsub('; ', ';\n  ')) end

---@return string
function M.typescript()
  local lines = { TYPESCRIPT_HEAD }
  each_named(function(name, part)
    local text = type_of(TYPESCRIPT, part, true)
    if part.kind == 'object' then text = spread(text) end
    if part.options.nullable then text = text .. ' | null' end
    lines[#lines + 1] = ('export type %s = %s;\n'):format(name, text)
  end)
  return table.concat(lines, '\n')
end

local LUACATS = {
  plain = { number = 'number', integer = 'integer', boolean = 'boolean', any = 'any',
    null = 'lightuserdata' },
  null = 'lightuserdata', or_ = '|',
  named = function(name) return 'store.' .. name end,
  list = function(of) return of:find('|', 1, true) and ('(%s)[]'):format(of) or of .. '[]' end,
  map = function(of) return ('table<string, %s>'):format(of) end,
  member = function(key, optional, type)
    local name = key:find('^[%a_][%w_]*$') and key or ('["%s"]'):format(key)
    return ('%s%s: %s'):format(name, optional and '?' or '', type)
  end,
  object = function(members)
    return #members == 0 and 'table' or '{ ' .. table.concat(members, ', ') .. ' }'
  end,
}

local LUACATS_HEAD = [[
--- The document of the store: what values hold (`store.NAME`), and the models that lead to them
--- (`store.model.NAME`). Made from scripts/store/schema.lua by `./dev docs`; do not edit.
---@meta moonbox.document

--- What every model can do; `de` and the like of each say of what type.
---@class store.model.Node
---@field exists fun(self): boolean Whether there is a value, null included
---@field pointer fun(self): string
]]

local function capital(text)
  return (text:gsub('^%l', string.upper):gsub('[_-](%w)', string.upper))
end

--- Writes classes of models, each once.
local Models = {}
Models.__index = Models

function Models:add(name, part, value, lines)
  if self.done[name] then return end
  self.done[name] = true
  local class = { ('---@class store.model.%s: store.model.Node'):format(name),
    ('---@field de fun(self): %s'):format(value),
    ('---@field ser fun(self, value: %s)'):format(value),
    ('---@field replace fun(self, value: %s): %s'):format(value, value),
    ('---@field mutate fun(self, change: fun(value: %s): any, engine.Error?): %s, engine.Error?')
      :format(value, value),
    ('---@field transpose fun(self): store.model.%s?'):format(name) }
  for _, line in ipairs(lines) do
    class[#class + 1] = line
  end
  self.out[#self.out + 1] = table.concat(class, '\n') .. '\n'
  return part
end

function Models:map(name, of, value)
  local inner = self:name(of)
  local one, model = type_of(LUACATS, of), 'store.model.' .. inner
  self:add(name, of, value, {
    '---@field keys fun(self): string[]',
    '---@field contains_key fun(self, key: string|integer): boolean',
    ('---@field as_idx fun(self, key: string|integer): %s?'):format(model),
    ('---@field insert fun(self, key: string|integer, value: %s): (%s)?'):format(one, one),
    ('---@field upsert fun(self, key: string|integer, make: fun(): %s): %s'):format(one, model),
    ('---@field remove fun(self, key: string|integer): (%s)?'):format(one),
    ('---@field entries fun(self): fun(): string, %s'):format(model),
  })
end

function Models:list(name, of, value)
  local one = type_of(LUACATS, of)
  self:add(name, of, value, {
    '---@field count fun(self): integer',
    ('---@field as_idx fun(self, index: integer): store.model.%s?'):format(self:name(of)),
    ('---@field insert fun(self, value: %s, index?: integer)'):format(one),
    ('---@field remove fun(self, index: integer): (%s)?'):format(one),
  })
end

function Models:struct(name, part, value)
  local lines = {}
  for _, key in ipairs(names.sorted_keys(part.options.fields)) do
    lines[#lines + 1] = ('---@field %s store.model.%s'):format(key,
      self:name(part.options.fields[key]))
  end
  if part.options.open then lines[#lines + 1] = '---@field [string] store.model.Any' end
  self:add(name, part, value, lines)
end

function Models:tagged(name, part, value)
  local variants = {}
  for i, variant in ipairs(names.sorted_keys(part.options.variants)) do
    local inner = name .. capital(variant)
    self:struct(inner, part.options.variants[variant], 'table')
    variants[i] = ("fun(self): '%s', store.model.%s"):format(variant, inner)
  end
  self:add(name, part, value, { '---@field match ' .. table.concat(variants, '|') })
end

--- The name of the class of a part's model, which is written if it is not there yet.
function Models:name(part)
  local kind, of = part.kind, part.options.of
  local value = type_of(LUACATS, part)
  local own = schema.name_of(part)
  if kind == 'map' then
    local name = 'MapOf' .. self:name(of)
    self:map(name, of, value)
    return name
  elseif kind == 'array' then
    local name = 'ListOf' .. self:name(of)
    self:list(name, of, value)
    return name
  elseif own and kind == 'object' then
    self:struct(own, part, value)
  elseif own and kind == 'tagged' then
    self:tagged(own, part, value)
  elseif own then
    self:add(own, part, value, {})
  else
    own = capital(kind == 'enum' and 'enum' or PLAIN[kind] or 'string')
    self:add(own, part, kind == 'enum' and 'string' or value, {})
  end
  return own
end

local function value_class(name, part)
  if part.kind ~= 'object' then
    return ('---@alias store.%s %s\n'):format(name, type_of(LUACATS, part, true))
  end
  local lines = { '---@class store.' .. name }
  for _, key in ipairs(names.sorted_keys(part.options.fields)) do
    local field = part.options.fields[key]
    lines[#lines + 1] = ('---@field %s%s %s'):format(key, shape.may_miss(field) and '?' or '',
      type_of(LUACATS, field))
  end
  if part.options.open then lines[#lines + 1] = '---@field [string] any' end
  return table.concat(lines, '\n') .. '\n'
end

---@return string
function M.luacats()
  local out = { LUACATS_HEAD }
  each_named(function(name, part) out[#out + 1] = value_class(name, part) end)
  setmetatable({ done = {}, out = out }, Models):name(schema.document)
  return table.concat(out, '\n')
end

return M
