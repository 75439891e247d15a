--- Builds the handler tree for one context: from the textual tree to resolved leaves.
local copy = require('lib.copy')
local fault = require('lib.rpc.fault')
local list = require('lib.list')
local names = require('lib.names')
local parent = require('lib.rpc.parent')

---@class lib.rpc.Leaf
---@field name string Last segment
---@field path string[]
---@field method string `package.action.run`
---@field handler lib.rpc.Handler
---@field params table<string, lib.rpc.Schema> Of the whole path: the flat object
---@field parent_params table<string, lib.rpc.Schema> Of the groups above
---@field levels lib.rpc.Level[] The groups above that have parameters or change what is inherited
---@field metadata table<string, any> Merged; nearest the leaf wins
---@field contexts string[]
---@field hidden boolean Here or above: not in the CLI
---@field remote boolean In this context the method is called on the daemon

---@class lib.rpc.Node
---@field name string
---@field path string[]
---@field group lib.rpc.Parent? Absent on leaves
---@field leaf lib.rpc.Leaf? Also on groups with a root handler
---@field children table<string, lib.rpc.Node>
---@field own_params table<string, lib.rpc.Schema> Declared at this level

---@class lib.rpc.Level What one group hands down
---@field keys string[] Its own parameters
---@field inherit? fun(params: table, inherited: any): any

local M = {}

local DEFAULT_CONTEXTS = { 'RpcContext', 'CliContext' }

local function extend(path, name)
  local longer = { unpack(path) }
  longer[#longer + 1] = name
  return longer
end

local function merge_params(node, scope)
  for key in pairs(node.params) do
    if scope.params[key] then
      fault.raise(node.at, ("parameter '%s' is declared above already (%s)"):format(key,
        scope.declared[key]), 'all levels of a path share one flat object: rename one')
    end
  end
  return copy.merged(scope.params, node.params)
end

local function declare(node, scope)
  local declared = copy.merged(scope.declared)
  for key in pairs(node.params) do
    declared[key] = ('%s:%d'):format(node.at.file, node.at.line)
  end
  return declared
end

--- The contexts a node lists, checked against those of the groups above.
local function contexts_of(node, scope)
  for _, name in ipairs(node.contexts or {}) do
    if not list.contains(scope.allowed, name) then
      local meant = names.nearest(name, scope.allowed)
      local mend = 'list it on every group above, or remove it here'
      fault.raise(node.at, ('%s is not among the contexts above (%s)'):format(name,
        table.concat(scope.allowed, ', ')), (meant and meant ~= name)
        and ('did you mean %s? Else %s'):format(meant, mend) or mend)
    end
  end
  return node.contexts
end

local function check_remote(handler, contexts, scope)
  if handler.remote and not list.contains(scope.all, handler.remote) then
    fault.raise(handler.at, ("with_call_remote('%s') in a tree without that context"):format(
      handler.remote), 'name it in with_context of the root')
  end
  if handler.remote and list.contains(contexts, handler.remote) then
    fault.raise(handler.at, 'the handler runs in the CLI and is called remotely from it',
      'remove CliContext from with_context, or with_call_remote')
  end
end

--- `conflicts_with` and `requires` name parameters of the path.
local function check_relations(node, params)
  for key, schema in pairs(node.params) do
    for _, option in ipairs({ 'conflicts_with', 'requires' }) do
      for _, other in ipairs(schema.options[option] or {}) do
        if not params[other] or other == key then
          fault.raise(node.at, ("%s of '%s' names '%s'"):format(option, key, tostring(other)),
            'name another parameter of the path')
        end
      end
    end
  end
end

local function resolve_leaf(handler, scope, name, path)
  local contexts = contexts_of(handler, scope) or { scope.allowed[1] }
  check_remote(handler, contexts, scope)
  local served = list.contains(contexts, scope.context)
  local remote = scope.context == handler.remote
  local hidden = handler.hidden or scope.hidden
  if handler.remote and scope.hidden then
    fault.raise(handler.at, 'with_call_remote below a group with no_cli', 'remove one of them')
  end
  if not (served or remote) or (scope.context == 'CliContext' and hidden) then return nil end
  local params = merge_params(handler, scope)
  check_relations(handler, params)
  return {
    name = name, path = path, method = table.concat(path, '.'), handler = handler,
    params = params, parent_params = scope.params, levels = scope.levels,
    metadata = copy.merged(scope.metadata, handler.metadata), contexts = contexts, hidden = hidden,
    remote = remote,
  }
end

local function check_twin(children, child, context)
  local twin = children[child.name]
  if not twin then return end
  fault.raise(child.at, ("'%s' is there twice in %s (first at %s:%d)"):format(child.name, context,
    twin.at.file, twin.at.line), 'rename one, or give them different contexts')
end

local visit

local function visit_child(child, scope, path)
  local longer = extend(path, child.name)
  if parent.is_parent(child.node) then return visit(child.node, scope, child.name, longer) end
  local leaf = resolve_leaf(child.node, scope, child.name, longer)
  return leaf and { name = child.name, path = longer, leaf = leaf, children = {},
    own_params = child.node.params, at = child.node.at }
end

--- The levels a child of the group inherits from.
local function descend(levels, group)
  local longer = { unpack(levels) }
  longer[#longer + 1] = { keys = names.sorted_keys(group.params), inherit = group.inherit }
  return longer
end

function visit(group, scope, name, path)
  local inner = {
    context = scope.context, allowed = contexts_of(group, scope) or scope.allowed,
    params = merge_params(group, scope), declared = declare(group, scope),
    metadata = copy.merged(scope.metadata, group.metadata), hidden = scope.hidden or group.hidden,
    levels = descend(scope.levels, group), all = scope.all,
  }
  check_relations(group, inner.params)
  local node = { name = name, path = path, group = group, children = {}, own_params = group.params,
    at = group.at }
  for _, child in ipairs(group.children) do
    local resolved = visit_child(child, inner, path)
    if resolved then
      check_twin(node.children, child, scope.context)
      node.children[child.name] = resolved
    end
  end
  if group.root then
    node.leaf = resolve_leaf(group.root, inner, name, path)
    -- The parameters of the group are the root handler's own; it inherits what the group does.
    if node.leaf then
      node.leaf.parent_params, node.leaf.levels = scope.params, scope.levels
    end
  end
  return (node.leaf or next(node.children)) and node or nil
end

--- The contexts a tree is built for.
---@param root lib.rpc.Parent
---@return string[]
function M.contexts(root) return root.contexts or DEFAULT_CONTEXTS end

--- The tree as one context sees it; nil when nothing in it is for that context.
---@param root lib.rpc.Parent
---@param context string
---@return lib.rpc.Node?
function M.build(root, context)
  local allowed = M.contexts(root)
  if not list.contains(allowed, context) then
    fault.raise(root.at, ('the tree has no %s'):format(context),
      'list it: rpc.parent():with_context(…)')
  end
  if root.root then
    fault.raise(root.root.at, 'the root of the tree has a root handler', 'name a subcommand')
  end
  return visit(root, { context = context, allowed = allowed, params = {}, declared = {},
    metadata = {}, hidden = false, levels = {}, all = allowed }, '', {})
end

local function gather(node, leaves)
  if node.leaf then leaves[#leaves + 1] = node.leaf end
  for _, child in pairs(node.children) do
    gather(child, leaves)
  end
  return leaves
end

--- All leaves below a node, by method name.
---@param node lib.rpc.Node?
---@return lib.rpc.Leaf[]
function M.leaves(node)
  local leaves = node and gather(node, {}) or {}
  table.sort(leaves, function(a, b) return a.method < b.method end)
  return leaves
end

return M
