--- What a tree must keep besides its shape: metadata that somebody reads, a CLI whose every leaf
--- can be reached and has help, locale keys that exist.
local arguments = require('lib.rpc.arguments')
local fault = require('lib.rpc.fault')
local i18n = require('lib.i18n')
local list = require('lib.list')
local metadata = require('lib.rpc.metadata')
local names = require('lib.names')
local parent = require('lib.rpc.parent')
local tree = require('lib.rpc.tree')

local M = {}

local function check_key(key, at)
  if i18n.has(key) == false then
    fault.raise(at, ("locale key '%s' is missing"):format(key),
      i18n.mend(key))
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
      local root = node.group and node.leaf and node.leaf.handler.about
      fault.raise(owner.at, ("'%s' has no help"):format(table.concat(node.path, ' ')),
        root and 'that of its root handler is not seen: move with_about to the group'
          or "add with_about('about.…')")
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

--- Middleware is the root's, and for contexts the tree is built for.
local function check_chains(root, contexts)
  for context in pairs(root.middleware) do
    if not list.contains(contexts, context) then
      fault.raise(root.at, ('there is middleware for %s, and the tree has none'):format(context),
        'list it: rpc.parent():with_context(…)')
    end
  end
  local function visit(group)
    for _, child in ipairs(group.children) do
      if parent.is_parent(child.node) then
        if next(child.node.middleware) then
          fault.raise(child.node.at, ("the group '%s' has middleware"):format(child.name),
            'move with_middleware to the root of the tree')
        end
        visit(child.node)
      end
    end
  end
  visit(root)
end

--- A login is for those who have not shown yet who they are: their rights are not looked at.
local function check_logins(node)
  for _, leaf in ipairs(tree.leaves(node)) do
    local said = leaf.metadata
    if said.login and (said.admin or said['local']) then
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
  check_chains(root, contexts)
  metadata.check(root, contexts)
  if has_cli then check_cli(root, contexts) end
end

return M
