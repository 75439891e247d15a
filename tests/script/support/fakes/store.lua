--- engine.store over one table, `M.document`. Parents must exist, as in the real one.
local json = require('engine.json')
local pointer = require('lib.pointer')

local M = { revision = 7, document = {} }

local function missing(text)
  return nil, { code = 'not_found', message = text .. ' is not there' }
end

local function find(tokens, depth)
  local value = M.document
  for i = 1, depth do
    if type(value) ~= 'table' then return nil end
    value = value[tokens[i]]
  end
  return value
end

local function at(text)
  local tokens = assert(pointer.split(text))
  return find(tokens, #tokens)
end

local function copy(value)
  if type(value) ~= 'table' then return value end
  local twin = {}
  for key, member in pairs(value) do
    twin[key] = copy(member)
  end
  return setmetatable(twin, getmetatable(value))
end

local View = {}
View.__index = View

function View:get(text)
  local value = at(text)
  if value == nil then return missing(text) end
  return copy(value)
end

function View:raw(text)
  local value = at(text)
  if value == nil then return missing(text) end
  return json.raw(json.encode(value))
end

function View:exists(text) return at(text) ~= nil end

function View:keys(text)
  local value, keys = at(text), {}
  if type(value) ~= 'table' then return missing(text) end
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

function View:kind(text)
  local value = at(text)
  if json.is_array(value) then return 'array' end
  if value == json.null then return 'null' end
  return type(value) == 'table' and 'object' or value ~= nil and type(value) or nil
end

function View:size(text)
  local value, count = at(text), 0
  if value == nil then return missing(text) end
  for _ in pairs(type(value) == 'table' and value or {}) do
    count = count + 1
  end
  return count
end

function View:put(text, value)
  local tokens = assert(pointer.split(text))
  local parent = find(tokens, #tokens - 1)
  if type(parent) ~= 'table' then return missing(text) end
  parent[tokens[#tokens]] = copy(value)
  return true
end

function View:remove(text)
  local tokens = assert(pointer.split(text))
  local parent = find(tokens, #tokens - 1)
  if type(parent) ~= 'table' or parent[tokens[#tokens]] == nil then return missing(text) end
  parent[tokens[#tokens]] = nil
  return true
end

function View:apply(patch)
  M.applied = patch
  return true
end

function View:expect(revision)
  if revision == M.revision then return true end
  return nil, { code = 'conflict', message = 'another revision' }
end

function View:revision() return M.revision end

function View:close() M.closed = true end

function M.history_id() return 'this' end

function M.head() return M.revision end

function M.sync() return M.revision end

--- For whom the calls of a test work, as the chain said last.
function M.set_author(who) M.author = who end

function M.peek() return setmetatable({}, View) end

function M.get(text) return View:get(text) end

function M.raw(text) return View:raw(text) end

function M.exists(text) return View:exists(text) end

function M.mutate(edit)
  local before = copy(M.document)
  local result, err = edit(setmetatable({}, View))
  if result == nil and err == nil then result = true end
  if result == nil then
    M.document = before
    return nil, err
  end
  M.revision = M.revision + 1
  return result, { revision = M.revision, changed = true }
end

function M.put(text, value)
  local result, outcome = M.mutate(function(db) return db:put(text, value) end)
  if result == nil then return nil, outcome end
  return outcome
end

return M
