--- Health checks: functions that answer `{result, message}`.
local world = require('runtime.world')

local M = {}

---@alias runtime.HealthResult
---| {result: 'success'|'loading'|'disabled'|'starting'|'waiting'|'failure', message: string?}
---@alias runtime.Check fun(): runtime.HealthResult

local function success(message) return { result = 'success', message = message } end
local function failure(message) return { result = 'failure', message = message } end

---@class runtime.CheckOptions
---@field success? string message when all is well
---@field failure? string message when it is not
---@field timeout? number seconds

--- Something listens on the port.
---@param port integer
---@param opts? runtime.CheckOptions|{udp: boolean?}
---@return runtime.Check
function M.port(port, opts)
  opts = opts or {}
  return function()
    local bound, err = world.ns.port_bound(port, opts.udp)
    if bound then return success(opts.success) end
    if err then return failure(err.message) end
    return failure(opts.failure or ('nothing listens on port %d'):format(port))
  end
end

-- Waits at most `limit` seconds. Not wget's own -T: Debian's busybox-static crashes on it.
local function wait_for(process, limit)
  local waiting = world.loop.spawn(function() return process:wait() end,
    { name = 'http check', deadline = limit })
  local exit = waiting:join()
  if not exit then process:kill() end
  return exit
end

--- The URL answers, whatever it answers. The base image's wget asks, from the container itself.
---@param url string
---@param opts? runtime.CheckOptions
---@return runtime.Check
function M.http(url, opts)
  opts = opts or {}
  return function()
    local process, err = world.ns.spawn({ capture = true,
      argv = { '/bin/busybox', 'wget', '-q', '-O', '/dev/null', url } })
    if not process then return failure(err.message) end
    local exit = wait_for(process, opts.timeout or 1)
    if exit and (exit.code == 0 or exit.err:find('HTTP/', 1, true)) then
      return success(opts.success)
    end
    return failure(opts.failure or ('%s does not answer'):format(url))
  end
end

--- A command in a subcontainer ends with 0.
---@param sub runtime.Subcontainer
---@param command string|string[]
---@param opts? runtime.CheckOptions
---@return runtime.Check
function M.command(sub, command, opts)
  opts = opts or {}
  return function()
    local exit, err = sub:exec(command, { timeout = opts.timeout or 30 })
    if not exit then return failure(err.message) end
    if exit.code == 0 then return success(opts.success) end
    return failure(opts.failure or exit.err:match('[^\n]+') or ('exit code %d'):format(exit.code))
  end
end

--- Runs a check; one that raises or answers nonsense is a failure.
---@param check runtime.Check
---@return runtime.HealthResult
function M.ask(check)
  local fine, answer = pcall(check)
  if not fine then
    return failure(type(answer) == 'table' and answer.message or tostring(answer))
  end
  if type(answer) ~= 'table' or type(answer.result) ~= 'string' then
    return failure('the health check gave no result')
  end
  return answer
end

return M
