--- What the daemon asks of a VM when it loads a generation of scripts.
local i18n = require('lib.i18n')
local json = require('engine.json')
local module = require('engine.module')
local server = require('lib.rpc.server')

local M = {}

--- Builds the handler trees, which `describe` has checked in another VM.
---@param trees table<string, string> context → module that returns the tree
---@return table<string, table<string, function>> runners context → method → runner
function M.load(trees)
  local runners = {}
  for context, root in pairs(trees) do
    runners[context] = server.load(require(root), context,
      { described = true, array = json.array }).runners
  end
  return runners
end

--- Runs the `selftest` of every module that has one.
function M.run_selftests()
  for _, loaded in pairs(module.loaded()) do
    local selftest = type(loaded) == 'table' and rawget(loaded, 'selftest')
    if type(selftest) == 'function' then
      selftest()
    end
  end
end

--- Builds the handler trees in a scratch VM, loads the control module and describes the methods.
--- Any error here refuses the generation.
---@param trees table<string, string>
---@param control string module that the control loop will run
---@return table<string, table[]> methods context → array of method descriptions
function M.describe(trees, control)
  local methods = {}
  for context, root in pairs(trees) do
    methods[context] = server.load(require(root), context).methods
  end
  if control ~= '' then
    require(control)
  end
  return methods
end

--- The labels of error kinds, so that the engine can name them in the caller's language.
---@return table<string, table<string, string>> labels locale → kind → label
function M.labels() return i18n.error_labels() end

return M
