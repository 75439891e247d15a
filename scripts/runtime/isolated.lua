--- The inside of a sandbox: loads the package from its sources and runs one procedure.
local context = require('runtime.context')
local effects = require('runtime.effects')
local isolated = require('engine.isolated')
local json = require('engine.json')
local procedure = require('runtime.procedure')
local world = require('runtime.world')

local M = {}

local function loader(sources, env)
  local loaded = { moonbox = require('runtime.sdk') }
  local loading = {}
  return function(name)
    if loaded[name] ~= nil then return loaded[name] end
    local source = sources[name]
    if not source then error(("module '%s' not found in the package"):format(name), 2) end
    if loading[name] then error('module cycle at ' .. name, 2) end
    loading[name] = true
    local chunk, problem = load(source.text, '@' .. source.name, 't', env)
    if not chunk then error(problem, 0) end
    local result = chunk(name)
    loaded[name] = result == nil and true or result
    loading[name] = nil
    return loaded[name]
  end
end

--- Called by the program with what `runtime.sandbox` gave. *async*
---@param request {sources: table, procedure: string, id: string, input: any}
function M.run(request)
  world.replace({ call = isolated.call })
  local env = setmetatable({}, { __index = _G })
  env._G, env.require = env, loader(request.sources, env)
  local exports = env.require('init')
  local fn, err = procedure.find(exports, request.procedure)
  if not fn then return nil, err end
  local scope = context.new(request.procedure, nil, request.id)
  local input = request.input
  if input == json.null then input = nil end
  return fn({ effects = effects.of(scope), event_id = request.id }, input)
end

return M
