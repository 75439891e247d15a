--- The filter of events as parameters of a method or a command.
local copy = require('lib.copy')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

M.LEVELS = { 'trace', 'debug', 'info', 'warn', 'error' }

local function list(help, short)
  return t.array{ of = t.string{ max_length = 256 }, single = true, max = 64, optional = true,
    help = help, short = short }
end

local KEYS = {
  'type', 'level', 'target', 'resourceType', 'resourceId', 'job', 'package', 'pathScope',
  'includeDescendants', 'pathLenient',
}

--- The parameters of a filter and `more`.
---@param more? table<string, lib.rpc.Schema>
---@return table<string, lib.rpc.Schema>
function M.params(more)
  return copy.merged({
    type = list('help.arg.event-type', 't'), target = list('help.arg.event-target'),
    resourceType = list('help.arg.resource-type'), resourceId = list('help.arg.resource-id'),
    job = list('help.arg.event-job'), package = list('help.arg.event-package'),
    level = t.enum{ values = M.LEVELS, optional = true, help = 'help.arg.event-level' },
    pathScope = t.string{ max_length = 4096, optional = true, help = 'help.arg.path-scope' },
    includeDescendants = t.boolean{ default = true, help = 'help.arg.include-descendants' },
    pathLenient = t.flag{ help = 'help.arg.path-lenient' },
  }, more)
end

--- The filter among the parameters of a call.
---@param params table
---@return engine.event.Filter
function M.of(params)
  local filter = {}
  for _, key in ipairs(KEYS) do
    filter[key] = params[key]
  end
  return filter
end

return M
