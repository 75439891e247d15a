--- Calls to the runtime inside a container, over its `service.sock`.
local client = require('engine.client')
local crypto = require('engine.crypto')
local host = require('service.host')
local json = require('engine.json')

local M = {}

--- Longest time the host waits beyond the limit it gave the runtime, in seconds.
local MARGIN = 5

---@param id string
---@return string path of the socket as the host sees it
function M.socket(id)
  return host.rpc_dir(id) .. '/service.sock'
end

--- One call. *async*
---@param id string package
---@param method string
---@param params? table
---@param timeout? number seconds; default: none
---@return any result
---@return engine.Error? err
function M.call(id, method, params, timeout)
  return client.call(M.socket(id), method, params or {}, { timeout = timeout or host.FOREVER })
end

--- Waits until the runtime answers. *async*
---@param id string
---@param timeout number seconds
function M.wait_ready(id, timeout)
  local conn, err = client.connect(M.socket(id), { connect_timeout = timeout, wait = true })
  if not conn then
    return nil, err
  end
  local answer, problem = conn:call('status', {}, { timeout = timeout })
  conn:close()
  return answer, problem
end

--- Runs a procedure. *async*
---@param id string
---@param procedure string '/backup/create', '/actions/NAME/getInput', '/actions/NAME/run'
---@param input any
---@param timeout? number seconds
---@param event? string event id; default: a new one
function M.execute(id, procedure, input, timeout, event)
  local params = {
    id = event or crypto.guid(),
    procedure = procedure,
    input = input,
    timeout = timeout and math.floor(timeout * 1000),
  }
  return M.call(id, 'execute', params, timeout and timeout + MARGIN)
end

--- Loads the package and runs its init. *async*
---@param kind 'install'|'update'|'restore'|nil
function M.init(id, kind)
  return M.call(id, 'init', { id = crypto.guid(), kind = kind or json.null })
end

--- Stops main, runs the package's uninit and ends the runtime. *async*
---@param target string? version the data should fit; nil: uninstall
function M.exit(id, target)
  return M.call(id, 'exit', { id = crypto.guid(), target = target or json.null }, 60)
end

return M
