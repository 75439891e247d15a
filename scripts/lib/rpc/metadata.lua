--- Metadata: who reads which key, and that every key a node says is read wherever the node serves.
local fault = require('lib.rpc.fault')
local names = require('lib.names')
local parent = require('lib.rpc.parent')

local M = {}

---@class lib.rpc.MetadataKey
---@field type type
---@field default any
---@field reader string? The middleware that reads it; absent: the engine

--- Keys the engine itself reads.
---@type table<string, lib.rpc.MetadataKey>
M.ENGINE_KEYS = {
  deadline = { type = 'number' },     -- seconds; the default is the server's
  max_params = { type = 'number' },   -- bytes of parameters; the default is what a message may have
  read_only = { type = 'boolean', default = false },  -- a query, not an action
  version = { type = 'number', default = 1 },         -- of the wire name: `query:db.dump.v1`
  deprecated = { type = 'boolean', default = false }, -- still answers; tools say so
  detached = { type = 'boolean', default = false },   -- goes on when the caller goes away
}

-- Seconds; some thirty years, which every clock can count.
local LONGEST_DEADLINE = 1e9

--- The metadata keys a context knows, with their readers.
---@param root lib.rpc.Parent
---@param context string
---@return table<string, lib.rpc.MetadataKey>
function M.known_keys(root, context)
  local known = {}
  for key, spec in pairs(M.ENGINE_KEYS) do
    known[key] = spec
  end
  for _, middleware in ipairs(root.middleware[context] or {}) do
    for key, spec in pairs(middleware.keys or {}) do
      if known[key] then
        fault.raise(root.at, ("metadata key '%s' has two readers, %s and %s"):format(key,
          known[key].reader or 'the engine', middleware.name), 'rename it in one middleware')
      end
      known[key] = { type = spec.type, default = spec.default, reader = middleware.name }
    end
  end
  return known
end

local EXAMPLES = { boolean = 'true', number = '3', string = "'…'" }

local function check_value(key, value, spec, at)
  if type(value) ~= spec.type then
    fault.raise(at, ("metadata '%s' must be a %s, got a %s"):format(key, spec.type, type(value)),
      ("with_metadata('%s', %s); it is for %s"):format(key, EXAMPLES[spec.type],
        spec.reader and ("the middleware '%s'"):format(spec.reader) or 'the engine'))
  end
  if key == 'deadline' and not (value > 0 and value <= LONGEST_DEADLINE) then
    fault.raise(at, 'metadata deadline must be more than 0 seconds, and finite', 'such as 30')
  end
  if key == 'max_params' and (value < 1 or value % 1 ~= 0) then
    fault.raise(at, 'metadata max_params must be a number of bytes', 'such as 65536')
  end
  if key == 'version' and (value < 1 or value % 1 ~= 0) then
    fault.raise(at, 'metadata version must be 1, 2, 3, …', 'count up when params or result change')
  end
end

local function unread(key, context, known, at, heir)
  local meant = names.nearest(key, names.sorted_keys(known))
  fault.raise(at, ("no middleware of %s reads metadata '%s'%s"):format(context, key,
    heir and (", which '%s' inherits"):format(heir) or ''),
    (meant and meant ~= key and ("did you mean '%s'? "):format(meant) or '')
      .. 'known keys: ' .. table.concat(names.sorted_keys(known), ', '))
end

--- Contexts whose metadata count. Commands pass no middleware, so what a method says that is a
--- command, too, is for where it is called.
local function served(contexts)
  local callable = {}
  for _, context in ipairs(contexts) do
    if context ~= 'CliContext' then callable[#callable + 1] = context end
  end
  return #callable > 0 and callable or contexts
end

--- What a node says, every context it serves has to read.
local function check_own(owner, contexts, known)
  for _, key in ipairs(names.sorted_keys(owner.metadata)) do
    for _, context in ipairs(contexts) do
      local spec = known[context][key]
      if not spec then unread(key, context, known[context], owner.at) end
      check_value(key, owner.metadata[key], spec, owner.at)
    end
  end
end

--- What a group says is for some of what is below it.
local function check_group_keys(group, contexts, known)
  for _, key in ipairs(names.sorted_keys(group.metadata)) do
    local read = false
    for _, context in ipairs(contexts) do
      local spec = known[context][key]
      if spec then check_value(key, group.metadata[key], spec, group.at) end
      read = read or spec ~= nil
    end
    if not read then
      unread(key, table.concat(contexts, ', '), known[contexts[1]], group.at)
    end
  end
end

--- `above`: key → the group that says it.
local function check_leaf(name, handler, contexts, above, known)
  contexts = served(contexts)
  check_own(handler, contexts, known)
  for key, group in pairs(above) do
    for _, context in ipairs(contexts) do
      if context ~= 'CliContext' and not known[context][key] then
        unread(key, context, known[context], group.at, name)
      end
    end
  end
end

local function check_group(group, scope)
  local contexts = group.contexts or scope.contexts
  check_group_keys(group, contexts, scope.known)
  local above = {}
  for key, sayer in pairs(scope.above) do
    above[key] = sayer
  end
  for key in pairs(group.metadata) do
    above[key] = group
  end
  local function leaf(name, handler)
    check_leaf(name, handler, handler.contexts or { contexts[1] }, above, scope.known)
  end
  for _, child in ipairs(group.children) do
    if parent.is_parent(child.node) then
      check_group(child.node, { contexts = contexts, above = above, known = scope.known })
    else
      leaf(child.name, child.node)
    end
  end
  if group.root then leaf('root_handler', group.root) end
end

--- Checks the metadata of every node. Raises a load error.
---@param root lib.rpc.Parent
---@param contexts string[] The tree is built for
function M.check(root, contexts)
  local known = {}
  for _, context in ipairs(contexts) do
    known[context] = M.known_keys(root, context)
  end
  check_group(root, { contexts = contexts, above = {}, known = known })
end

return M
