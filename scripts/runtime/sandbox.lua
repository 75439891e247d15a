--- `sandbox`: a procedure that may look but not change anything, in a Lua state of its own.
---
--- Effects that read are answered live; every other effect is recorded and answered with its
--- neutral value. Files, processes and subcontainers are refused with `permission_denied`.
local container = require('engine.container')
local file = require('engine.file')
local json = require('engine.json')
local system = require('runtime.system')

local M = {}

--- Wall time whatever the caller asks for, in seconds.
local MAX_LIMIT = 60

--- Effects that only read.
local READS = {}
for _, name in ipairs({ 'get-status', 'get-data-version', 'action.get-input', 'get-dependencies',
  'check-dependencies', 'get-installed-packages', 'get-service-manifest',
  'get-service-port-forward', 'get-host-info', 'get-container-ip', 'get-os-ip',
  'get-outbound-gateway', 'get-service-interface', 'list-service-interfaces',
  'get-ssl-certificate', 'echo', 'git-info' }) do
  READS[name] = true
end

--- Secrets, and what has no neutral answer.
local REFUSED = { ['get-ssl-key'] = 'permission_denied', ['get-system-smtp'] = 'permission_denied',
  ['action.run'] = 'invalid_request', mount = 'invalid_request',
  ['subcontainer.create-fs'] = 'permission_denied' }

--- Sources of the package's modules, by module name.
local function sources()
  local package, out = system.package(), {}
  for _, entry in ipairs(package.tree:files()) do
    local text, err = file.read(entry.path)
    if not text then return nil, err end
    out[entry.module] = { name = entry.name, text = text }
  end
  return out
end

local function answer(world_effects, log)
  return function(method, params)
    if REFUSED[method] then
      return nil, { code = REFUSED[method], message = method .. ' is refused in a sandbox' }
    end
    if not READS[method] then
      log[#log + 1] = { effect = method, params = params }
      return nil
    end
    params.callback = nil
    return world_effects(method, params)
  end
end

--- The method `sandbox`. *async*
---@param params {id: string, procedure: string, input: any, timeout: number?}
---@return {result: any, log: table[], writes: string[]}? answer
---@return engine.Error? err
function M.sandbox(params)
  local ready, not_ready = system.ready()
  if not ready then return nil, not_ready end
  local code, err = sources()
  if not code then return nil, err end
  local log = json.array({})
  local live = require('runtime.world').call
  local result, problem = container.isolated({
    module = 'runtime.isolated',
    input = { sources = code, procedure = params.procedure, id = params.id,
      input = params.input == nil and json.null or params.input },
    timeout = math.min(params.timeout and params.timeout / 1000 or MAX_LIMIT, MAX_LIMIT),
    on_call = answer(live, log),
  })
  if problem then return nil, problem end
  -- Nothing could be written, so the list is empty.
  return { result = result, log = log, writes = json.array({}) }
end

return M
