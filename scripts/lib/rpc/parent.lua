--- An inner node of the handler tree: groups subcommands, may carry parameters they all share.
local fault = require('lib.rpc.fault')
local handler = require('lib.rpc.handler')
local shape = require('lib.rpc.shape')
local vocabulary = require('lib.rpc.vocabulary')
local where = require('lib.rpc.where')

---@class lib.rpc.Child
---@field name string
---@field node lib.rpc.Parent|lib.rpc.Handler
---@field at lib.rpc.Where

---@class lib.rpc.Parent
---@field at lib.rpc.Where
---@field children lib.rpc.Child[]
---@field root lib.rpc.Handler?
---@field params table<string, lib.rpc.Schema>
---@field metadata table<string, any>
---@field contexts string[]?
---@field middleware table<string, lib.rpc.Middleware[]>
---@field inherit? fun(parent_params: table, inherited: any): any
---@field hidden boolean
---@field used table<string, true> The words of the chain so far
---@field about string?
local Parent = {}
Parent.__index = vocabulary.index(Parent, 'a group',
  { about = true, contexts = true, inherit = true, root = true })

local M = { Parent = Parent }

---@return lib.rpc.Parent
function M.new()
  return setmetatable({ at = where.here() or where.UNKNOWN, children = {}, params = {},
    metadata = {}, middleware = {}, hidden = false, used = {} }, Parent)
end

--- Each word is said once. Gives the group back: an error finds its place by it.
local function once(self, method)
  vocabulary.check(Parent, self, method)
  if self.used[method] then fault.raise(self, method .. ' is given twice', 'remove one') end
  self.used[method] = true
  return self
end

---@param node any
---@return boolean
function M.is_parent(node) return getmetatable(node) == Parent end

---@param node any
---@return boolean
function M.is_handler(node) return getmetatable(node) == handler.Handler end

--- Parameters of the group: part of the flat object of every method below.
---@param params table<string, lib.rpc.Schema>
function Parent:with_params(params)
  self.params = shape.params(params, once(self, 'with_params'))
  return self
end

--- The contexts the group is for. On the root: the contexts the tree is built for; the first is
--- that of every handler that names none.
---@param ... string
function Parent:with_context(...)
  self.contexts = shape.contexts(once(self, 'with_context'), ...)
  return self
end

--- Applies to every method below; the value nearest the leaf wins.
---@param key string
---@param value any
function Parent:with_metadata(key, value)
  vocabulary.check(Parent, self, 'with_metadata')
  shape.metadata(self.metadata, key, value, self)
  return self
end

--- On the root only: the middleware of a context, innermost first. Request hooks run from the last
--- to the first, response hooks from the first to the last.
---@param context string
---@param list lib.rpc.Middleware[]
function Parent:with_middleware(context, list)
  vocabulary.check(Parent, self, 'with_middleware')
  shape.context(context, self)
  if self.middleware[context] then
    fault.raise(self, ('with_middleware is given twice for %s'):format(context), 'join the lists')
  end
  self.middleware[context] = shape.chain(list, self)
  return self
end

--- Changes what everything below inherits from above: `f(params of the group above, what that
--- group inherited)` takes the place of that pair.
---@param f fun(parent_params: table, inherited: any): any
function Parent:with_inherited(f)
  self.inherit = shape.callable(f, 'with_inherited', once(self, 'with_inherited'))
  return self
end

---@param key string Locale key
function Parent:with_about(key)
  self.about = shape.about(key, once(self, 'with_about'))
  return self
end

--- The whole group is RPC only.
function Parent:no_cli()
  once(self, 'no_cli')
  self.hidden = true
  return self
end

local function holds(group, wanted)
  if group == wanted then return true end
  for _, child in ipairs(group.children) do
    if M.is_parent(child.node) and holds(child.node, wanted) then return true end
  end
  return false
end

---@param name string
---@param node lib.rpc.Parent|lib.rpc.Handler
---@param at? lib.rpc.Where Whom errors blame; by default the caller, or where the node was made
function Parent:subcommand(name, node, at)
  vocabulary.check(Parent, self, 'subcommand')
  shape.name(name, at or self)
  if not (M.is_parent(node) or M.is_handler(node)) then
    local mend = 'it is what rpc.from_fn(…) or rpc.parent() gives'
    -- What `require` gives for a file without a `return`.
    if node == true then mend = 'does its file end with `return` and its parent or handler?' end
    fault.raise(at or self, ("subcommand '%s' is no handler, it is a %s"):format(name, type(node)),
      mend)
  end
  if M.is_parent(node) and holds(node, self) then
    fault.raise(at or self, ("the group '%s' would be inside of itself"):format(name),
      'make another group: rpc.parent()')
  end
  self.children[#self.children + 1] = { name = name, node = node, at = at or node.at }
  return self
end

--- Makes the group itself callable.
---@param node lib.rpc.Handler
function Parent:root_handler(node)
  once(self, 'root_handler')
  if not M.is_handler(node) then
    fault.raise(self, 'root_handler expects a handler', 'rpc.from_fn_async(fn)')
  end
  self.root = node
  return self
end

return M
