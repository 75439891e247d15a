--- Models: typed views of places in the document. A model is a pointer, the schema of what stands
--- there and the snapshot or mutation it is read through; nothing is read until asked for.
---
---     db.public.serverInfo.language:de()          db.public.packageData:as_idx(id)
---     db.public.serverInfo.language:ser('de_DE')  db.private.sessions:insert(id, record)
---
--- The fields of a struct are its members by their names in JSON. Reading changes nothing; a member
--- comes into being when it is assigned, and so do the objects above it. What goes wrong is raised
--- as an error table that names the pointer; `store.mutate` gives it back as `nil, err`.
local check = require('store.check')
local json = require('engine.json')
local null = require('lib.null')
local pointer = require('lib.pointer')

local M = {}

---@class store.model.Node
---@field _db engine.store.Snapshot|engine.store.Mutation
---@field _at string Pointer
---@field _schema lib.rpc.Schema
---@field _above store.model.Node?
local Node = {}

local new

local function raise(code, message, hint)
  error({ code = code, message = message, hint = hint }, 0)
end

local function must(value, err)
  if value == nil then error(err, 0) end
  return value
end

local function name_of(at) return at == '' and 'the document' or at end

--- Raises if something above the place is there, but can hold no members.
local function check_above(node)
  local above = node._above
  while above do
    local kind = above._db:kind(above._at)
    if kind == 'object' or kind == 'array' then return end
    if kind then
      raise('invalid_params', ('%s: expected an object, got %s'):format(name_of(above._at), kind))
    end
    above = above._above
  end
end

--- Whether there is a value, null included.
---@return boolean
function Node:exists()
  if self._db:exists(self._at) then return true end
  check_above(self)
  return false
end

--- The pointer to it.
---@return string
function Node:pointer() return self._at end

--- Reads a copy of the value and checks it; nil where an optional member is absent.
function Node:de()
  local value, err = self._db:get(self._at)
  if value == nil then
    if err.code ~= 'not_found' then error(err, 0) end
    check_above(self)
    if self._schema.options.optional then return nil end
    raise('not_found', name_of(self._at) .. ': is required, and absent')
  end
  local options = self._schema.options
  if null.is_null(value) and not (options.nullable or self._schema.takes_null) then
    raise('invalid_params', name_of(self._at) .. ': null is not allowed here')
  end
  local fine, wrong = check.read(self._schema, value, self._at)
  if not fine then error(wrong, 0) end
  return value
end

--- The objects above come into being with what is put into them.
local function make_above(node)
  local above = node._above
  if not above or above._db:exists(above._at) then return end
  make_above(above)
  if above._schema.kind ~= 'object' and above._schema.kind ~= 'map' then
    raise('not_found', ('%s is not there, and cannot be made of itself'):format(above._at))
  end
  must(above._db:put(above._at, {}))
end

local function check_writable(node)
  if not node._db.put then
    raise('invalid_params', name_of(node._at) .. ': a snapshot cannot be changed', 'use mutate')
  end
end

--- Makes it the value; nil takes an optional member out.
function Node:ser(value)
  check_writable(self)
  if value == nil then
    local optional = self._schema.options.optional
    if not optional then raise('invalid_params', self._at .. ': is required') end
    if self:exists() then must(self._db:remove(self._at)) end
    return
  end
  check_above(self)
  local fine, wrong = check.value(self._schema, value, self._at)
  if not fine then error(wrong, 0) end
  make_above(self)
  must(self._db:put(self._at, value))
end

--- Stores the new value and gives the old one.
function Node:replace(value)
  local old = self:de()
  self:ser(value)
  return old
end

--- Reads the value, lets `change` edit it or give another, stores that. Nothing is stored when
--- `change` raises or returns `nil, err`, which it then returns itself.
---@param change fun(value: any): any, engine.Error?
function Node:mutate(change)
  local value = self:de()
  local result, err = change(value)
  if result == nil and err ~= nil then return nil, err end
  if result ~= nil then value = result end
  self:ser(value)
  return value
end

--- The model itself, or nil where there is nothing or null.
function Node:transpose()
  local kind = self._db:kind(self._at)
  if not kind then check_above(self) end
  if kind == nil or kind == 'null' then return nil end
  return self
end

local Map = setmetatable({}, { __index = Node })

local function check_kind(node, expected)
  local kind = node._db:kind(node._at)
  if kind == expected then return true end
  if kind then
    raise('invalid_params',
      ('%s: expected an %s, got %s'):format(name_of(node._at), expected, kind))
  end
  check_above(node)
  return false
end

--- What stands there, as it is: also what does not fit the schema can be replaced or taken out.
local function old_value(child) return must(child._db:get(child._at)) end

local function entry(node, key)
  return new(node._db, ('%s/%s'):format(node._at, pointer.escape(tostring(key))),
    node._schema.options.of, node)
end

--- The names of the members, in byte order; of an absent map none.
---@return string[]
function Map:keys()
  if not check_kind(self, 'object') then return {} end
  return must(self._db:keys(self._at))
end

---@param key string|integer
---@return boolean
function Map:contains_key(key) return entry(self, key):exists() end

--- The model of a member; nil if it is not there.
---@param key string|integer
function Map:as_idx(key)
  local child = entry(self, key)
  return child:exists() and child or nil
end

--- Stores a member and gives what was there before.
---@param key string|integer
---@param value any
function Map:insert(key, value)
  check_writable(self)
  local child, old = entry(self, key), nil
  local keys = self._schema.options.keys
  local _, wrong = nil, nil
  if keys then _, wrong = keys:check(tostring(key)) end
  if wrong then raise('invalid_params', child._at .. ': the name ' .. wrong[1].message) end
  if value == nil then raise('invalid_params', child._at .. ': nothing to insert', 'use remove') end
  if child:exists() then old = old_value(child) end
  child:ser(value)
  return old
end

--- The model of a member, which is made first if it is not there.
---@param key string|integer
---@param make fun(): any
function Map:upsert(key, make)
  local child = self:as_idx(key)
  if child then return child end
  self:insert(key, make())
  return self:as_idx(key)
end

--- Takes a member out and gives it; nil if it was not there.
---@param key string|integer
function Map:remove(key)
  check_writable(self)
  local child = self:as_idx(key)
  if not child then return nil end
  local old = old_value(child)
  must(self._db:remove(child._at))
  return old
end

--- Iterates over names and models, in byte order of the names.
function Map:entries()
  local keys, i = self:keys(), 0
  return function()
    i = i + 1
    if keys[i] ~= nil then return keys[i], entry(self, keys[i]) end
  end
end

local List = setmetatable({}, { __index = Node })

--- How many elements there are; of an absent array none.
---@return integer
function List:count()
  if not check_kind(self, 'array') then return 0 end
  return must(self._db:size(self._at))
end

--- The model of the element at `index`, from 1; nil beyond the end.
---@param index integer
function List:as_idx(index)
  if index < 1 or index > self:count() then return nil end
  return entry(self, ('%d'):format(index - 1))
end

--- Puts an element before the one at `index`; at the end without.
---@param value any
---@param index? integer From 1
function List:insert(value, index)
  check_writable(self)
  local child = entry(self, index and ('%d'):format(index - 1) or '-')
  local fine, wrong = check.value(child._schema, value, child._at)
  if not fine then error(wrong, 0) end
  make_above(self)
  if not self:exists() then must(self._db:put(self._at, json.array({}))) end
  must(self._db:insert(child._at, value))
end

--- Takes an element out and gives it; nil beyond the end.
---@param index integer From 1
function List:remove(index)
  check_writable(self)
  local child = self:as_idx(index)
  if not child then return nil end
  local old = old_value(child)
  must(self._db:remove(child._at))
  return old
end

local Tagged = setmetatable({}, { __index = Node })

--- Which variant stands there, and its model.
---@return string variant
---@return table model
function Tagged:match()
  local options = self._schema.options
  local at = ('%s/%s'):format(self._at, pointer.escape(options.tag))
  local tag, err = self._db:get(at)
  if tag == nil and err.code ~= 'not_found' then error(err, 0) end
  local variant = options.variants[tag]
  if not variant then
    check_above(self)
    check_kind(self, 'object')
    raise('invalid_params', ('%s: no known variant: %s'):format(at, tostring(tag)))
  end
  return tag, new(self._db, self._at, variant, self._above)
end

local METHODS = { map = Map, array = List, tagged = Tagged }

local function frozen(node, key)
  error(('%s: assign with :ser(), not to .%s'):format(name_of(node._at), tostring(key)), 2)
end

local function struct_index(schema)
  local fields = schema.options.fields
  for name in pairs(fields) do
    if Node[name] then error(("store.schema: a member may not be called '%s'"):format(name), 0) end
  end
  return function(node, name)
    local field = fields[name]
    if field then
      return new(node._db, ('%s/%s'):format(node._at, pointer.escape(name)), field, node)
    end
    local method = Node[name]
    if method then return method end
    if schema.options.open and type(name) == 'string' then
      return new(node._db, ('%s/%s'):format(node._at, pointer.escape(name)), M.anything, node)
    end
    error(("%s has no member '%s'"):format(name_of(node._at), tostring(name)), 2)
  end
end

local classes = setmetatable({}, { __mode = 'k' })

local function class_of(schema)
  local class = classes[schema]
  if not class then
    class = { __newindex = frozen, __index = schema.kind == 'object' and struct_index(schema)
      or METHODS[schema.kind] or Node }
    classes[schema] = class
  end
  return class
end

function new(db, at, schema, above)
  return setmetatable({ _db = db, _at = at, _schema = schema, _above = above }, class_of(schema))
end

--- Members nobody declared, in open structs.
M.anything = require('lib.rpc').types.any{ optional = true }

--- The model of a whole document.
---@param db engine.store.Snapshot|engine.store.Mutation
---@param schema lib.rpc.Schema
function M.root(db, schema) return new(db, '', schema, nil) end

return M
