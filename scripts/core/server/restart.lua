--- `server.restart`: the daemon begins anew in the same process; containers keep running.
local control = require('engine.daemon_control')
local daemon = require('engine.daemon')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

--- Seconds between two looks at whether the daemon is back.
local LOOK = 0.1

local function restart()
  daemon.restart()
  return { instanceId = daemon.info().instanceId }
end

local function is_back(call, old)
  local found = control.status(call.ctx.instance)
  local info = found and found.state == 'running' and found.info
  return info and info.instanceId ~= old and info
end

local function wait_for(call, old, timeout)
  local deadline = loop.now() + timeout
  while true do
    local info = is_back(call, old)
    if info then return info end
    if loop.now() > deadline then
      return nil, { code = 'timeout',
        message = ('the daemon was not back after %g s'):format(timeout),
        hint = 'moon-cli daemon status' }
    end
    local slept, err = loop.sleep(LOOK)
    if not slept then return nil, err end
  end
end

local function command(call, params)
  local begun, err = call.ctx.remote('server.restart', {})
  if not begun then return nil, err end
  if params.nowait then return nil end
  local info, failure = wait_for(call, begun.instanceId, params.timeout)
  if not info then return nil, failure end
  return { instanceId = info.instanceId, pid = info.pid }
end

local function show(_params, result, out)
  if type(result) == 'table' then
    out:line(('the daemon is back, process %s'):format(result.pid))
  end
end

M.method = rpc.from_fn(restart)
  :with_result(t.object{ fields = { instanceId = t.string } })
  :with_context('RpcContext')
  :with_metadata('admin', true)
  :with_metadata('audit', true)
  :no_cli()

M.command = rpc.from_fn_async(command)
  :with_params({
    nowait = t.flag{ help = 'help.arg.nowait' },
    timeout = t.duration{ default = 60, help = 'help.arg.timeout' },
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.server.restart')

return M
