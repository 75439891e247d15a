--- What the generators work on: the methods of a tree with their help, and the command of each.
local cli = require('lib.rpc.cli')
local server = require('lib.rpc.server')

local M = {}

---@class lib.rpc.generate.Method: lib.rpc.Method
---@field command lib.rpc.generate.Command? Where the CLI has one of the same path

---@class lib.rpc.generate.Command
---@field words string[] From the program on: `moon-cli`, `package`, `start`
---@field node table As `cli.describe` gives it

local function gather(node, words, list)
  local path = { unpack(words) }
  path[#path + 1] = node.name
  list[#list + 1] = { words = path, node = node }
  for _, child in ipairs(node.subcommands) do
    gather(child, path, list)
  end
  return list
end

--- Every node of a command tree, parents first.
---@param tree table As `cli.describe` gives it
---@return lib.rpc.generate.Command[]
function M.commands(tree) return gather(tree, {}, {}) end

--- The methods of a context.
---@param root lib.rpc.Parent
---@param context string
---@return lib.rpc.generate.Method[]
function M.of(root, context)
  local by_path = {}
  for _, command in ipairs(M.commands(cli.describe(root))) do
    local path = table.concat(command.words, '.', 2)
    by_path[path] = command.node.callable and command or nil
  end
  local methods = server.load(root, context).methods
  for _, method in ipairs(methods) do
    method.command = by_path[method.method]
  end
  return methods
end

--- Whether a parameter must be given.
---@param schema table JSON Schema of an object
---@param key string
---@return boolean
function M.is_required(schema, key)
  for _, name in ipairs(schema.required or {}) do
    if name == key then return true end
  end
  return false
end

return M
