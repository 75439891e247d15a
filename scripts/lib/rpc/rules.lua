--- What a tree must keep besides its shape: metadata that somebody reads, a CLI whose every leaf
--- can be reached and has help, locale keys that exist.
local arguments = require('lib.rpc.arguments')
local fault = require('lib.rpc.fault')
local i18n = require('lib.i18n')
local names = require('lib.names')
local tree = require('lib.rpc.tree')

local M = {}

---@class lib.rpc.MetadataKey
---@field type type
---@field default any

--- Keys the engine itself reads.
---@type table<string, lib.rpc.MetadataKey>
M.ENGINE_KEYS = {
  deadline = { type = 'number' },     -- seconds; the default is the server's
  read_only = { type = 'boolean', default = false },  -- a query, not an action
  version = { type = 'number', default = 1 },         -- of the wire name: `query:db.dump.v1`
  deprecated = { type = 'boolean', default = false }, -- still answers; tools say so
  detached = { type = 'boolean', default = false },   -- goes on when the caller goes away
  ['local'] = { type = 'boolean', default = false },  -- root or owner, over the Unix socket only
}

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
        fault.raise(root.at, ("metadata key '%s' has two readers"):format(key),
          'rename it in one middleware')
      end
      known[key] = spec
    end
  end
  return known
end

local function check_value(key, value, spec, at)
  if type(value) ~= spec.type then
    fault.raise(at, ("metadata '%s' must be a %s, got a %s"):format(key, spec.type, type(value)),
      'see the middleware that reads it')
  end
  if key == 'deadline' and value <= 0 then
    fault.raise(at, 'metadata deadline must be more than 0 seconds', 'such as 30')
  end
  if key == 'version' and (value < 1 or value % 1 ~= 0) then
    fault.raise(at, 'metadata version must be 1, 2, 3, …', 'count up when params or result change')
  end
end

--- The keys that some of the contexts know. Many nodes ask for the same contexts.
local function known_in(root, contexts, cache)
  local id = table.concat(contexts, ' ')
  if cache[id] then return cache[id] end
  local known = {}
  for _, context in ipairs(contexts) do
    for name, reader in pairs(M.known_keys(root, context)) do
      known[name] = known[name] or reader
    end
  end
  cache[id] = known
  return known
end

local function check_metadata(root, owner, contexts, cache)
  if next(owner.metadata) == nil then return end
  local known = known_in(root, contexts, cache)
  for _, key in ipairs(names.sorted_keys(owner.metadata)) do
    local spec = known[key]
    if not spec then
      fault.raise(owner.at, ("no middleware of %s reads metadata '%s'"):format(
        table.concat(contexts, ', '), key),
        'known keys: ' .. table.concat(names.sorted_keys(known), ', '))
    end
    check_value(key, owner.metadata[key], spec, owner.at)
  end
end

local function check_key(key, at)
  if i18n.has(key) == false then
    fault.raise(at, ("locale key '%s' is missing"):format(key),
      'add it to scripts/locales/en_US.lua and its sisters')
  end
end

local function check_help(params, at)
  for _, key in ipairs(names.sorted_keys(params)) do
    local help = params[key].options.help
    if help and i18n.is_key(help) then check_key(help, at) end
  end
end

local function check_cli_node(node, above)
  local owner = node.group or node.leaf.handler
  if #node.path > 0 then
    if not owner.about then
      fault.raise(owner.at, ("'%s' has no help"):format(table.concat(node.path, ' ')),
        "add with_about('about.…')")
    end
    check_key(owner.about, owner.at)
  end
  check_help(node.own_params, owner.at)
  local seen = arguments.check(node, above)
  for _, name in ipairs(names.sorted_keys(node.children)) do
    check_cli_node(node.children[name], seen)
  end
end

local function check_reachable(root, context, reachable)
  for _, leaf in ipairs(tree.leaves(tree.build(root, context))) do
    if not leaf.hidden and not reachable[leaf.method] then
      fault.raise(leaf.handler.at, ("'%s' cannot be reached from the CLI"):format(leaf.method),
        "end the chain with with_call_remote('CliContext'), or say no_cli()")
    end
  end
end

local function check_cli(root, contexts)
  local commands = tree.build(root, 'CliContext')
  local reachable = {}
  for _, leaf in ipairs(tree.leaves(commands)) do
    reachable[leaf.method] = true
  end
  for _, context in ipairs(contexts) do
    if context ~= 'CliContext' then check_reachable(root, context, reachable) end
  end
  if commands then check_cli_node(commands, {}) end
end

local function check_group(root, group, contexts, cache)
  local inner = group.contexts or contexts
  check_metadata(root, group, inner, cache)
  for _, child in ipairs(group.children) do
    local node = child.node
    if node.children then
      check_group(root, node, inner, cache)
    else
      check_metadata(root, node, node.contexts or group.contexts or { contexts[1] }, cache)
    end
  end
  local own = group.root
  if own then
    check_metadata(root, own, own.contexts or group.contexts or { contexts[1] }, cache)
  end
end

--- A login is for those who have not shown yet who they are: their rights are not looked at.
local function check_logins(node)
  for _, leaf in ipairs(tree.leaves(node)) do
    local metadata = leaf.metadata
    if metadata.login and (metadata.admin or metadata['local']) then
      fault.raise(leaf.handler.at, ("'%s' is a login that asks for rights"):format(leaf.method),
        'leave out admin and local, or login')
    end
  end
end

--- Checks the whole tree, in every context it is for. Raises a load error.
---@param root lib.rpc.Parent
function M.check(root)
  local contexts = tree.contexts(root)
  local has_cli = false
  for _, context in ipairs(contexts) do
    check_logins(tree.build(root, context))
    has_cli = has_cli or context == 'CliContext'
  end
  check_group(root, root, contexts, {})
  if has_cli then check_cli(root, contexts) end
end

return M
