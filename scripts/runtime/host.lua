--- The connection to the host: one, kept open, made again when it was lost.
local client = require('engine.client')

local M = {}

local connection

--- Effects may run other packages' actions, which take this long.
local DEFAULT_TIMEOUT = 300

local function connected(path)
  if connection then return connection end
  local made, err = client.connect(path)
  if not made then return nil, err end
  connection = made
  return made
end

--- One call. *async*
---@param path string
---@param method string
---@param params table
---@param timeout? number seconds
---@return any result
---@return engine.Error? err
function M.call(path, method, params, timeout)
  for attempt = 1, 2 do
    local conn, problem = connected(path)
    if not conn then return nil, problem end
    local result, err = conn:call(method, params, { timeout = timeout or DEFAULT_TIMEOUT })
    if not err then return result end
    local lost = err.code == 'connection_lost' or err.code == 'closed'
    if lost or err.code == 'outcome_unknown' then
      if connection == conn then connection = nil end
      conn:close()
    end
    -- Only a call that was certainly not sent is made again.
    if not lost or attempt == 2 then return nil, err end
  end
end

return M
