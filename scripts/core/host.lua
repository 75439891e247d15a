--- What the daemon asks of a VM when it loads a generation of scripts.
local server = require('lib.rpc.server')

local M = {}

--- Builds the handler trees.
---@param trees table<string, string> context → module that returns the tree
---@return table<string, table<string, function>> runners context → method → runner
function M.load(trees)
  local runners = {}
  for context, module in pairs(trees) do
    runners[context] = server.load(require(module), context).runners
  end
  return runners
end

local function run_selftests()
  for _, module in pairs(package.loaded) do
    local selftest = type(module) == 'table' and rawget(module, 'selftest')
    if type(selftest) == 'function' then
      selftest()
    end
  end
end

--- Builds the handler trees in a scratch VM, loads the control module, runs every selftest and
--- describes the methods. Any error here refuses the generation.
---@param trees table<string, string>
---@param control string module that the control loop will run
---@return table<string, table[]> methods context → array of method descriptions
function M.describe(trees, control)
  local methods = {}
  for context, module in pairs(trees) do
    methods[context] = server.load(require(module), context).methods
  end
  if control ~= '' then
    require(control)
  end
  run_selftests()
  return methods
end

return M
