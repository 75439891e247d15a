--- What the generators work on: the methods of a tree with their help, and the command of each.
local cli = require('lib.rpc.cli')
local server = require('lib.rpc.server')

local M = {}

---@class lib.rpc.generate.Method: lib.rpc.Method
---@field command lib.rpc.generate.Command? Where the CLI has one of the same path

---@class lib.rpc.generate.Command
---@field words string[] From the program on: `moon-cli`, `package`, `start`
---@field usage string[] The same with what groups above ask for: `moon-cli`, `shelf`, `ID`, `add`
---@field node table As `cli.describe` gives it

local function extend(list, ...)
  local longer = { unpack(list) }
  for _, word in ipairs({ ... }) do
    longer[#longer + 1] = word
  end
  return longer
end

--- What a group asks for before a command below it is named.
local function handed_down(node)
  local words = {}
  for _, entry in ipairs(node.args) do
    if entry.required and not entry.own then
      if entry.kind ~= 'positional' then words[#words + 1] = entry.long end
      words[#words + 1] = entry.name
    end
  end
  return unpack(words)
end

local function gather(node, above, list)
  local command = { words = extend(above.words, node.name), usage = extend(above.usage, node.name),
    node = node }
  list[#list + 1] = command
  local below = { words = command.words, usage = extend(command.usage, handed_down(node)) }
  for _, child in ipairs(node.subcommands) do
    gather(child, below, list)
  end
  return list
end

--- Every node of a command tree, parents first.
---@param tree table As `cli.describe` gives it
---@return lib.rpc.generate.Command[]
function M.commands(tree) return gather(tree, { words = {}, usage = {} }, {}) end

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
