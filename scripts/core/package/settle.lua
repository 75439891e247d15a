--- `package start`, `stop`, `restart` of moon-cli: what a service is waiting for is shown while one
--- waits for it.
local loop = require('engine.loop')
local names = require('lib.names')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

-- Seconds between looks.
local LOOK = 0.5
local GRACE = 20

--- `my-app: starting, Web page: nothing listens on port 80`
local function line_of(id, info)
  local parts = { ('%s: %s'):format(id, info.status) }
  for _, key in ipairs(names.sorted_keys(info.checks or {})) do
    local check = info.checks[key]
    if check.result ~= 'success' then
      local said = type(check.message) == 'string' and check.message ~= '' and check.message
      parts[#parts + 1] = ('%s: %s'):format(check.name or key, said or check.result)
    end
  end
  return table.concat(parts, ', ')
end

--- *async* Until it is cancelled.
local function show_state(call, id)
  while loop.sleep(LOOK) do
    local info = call.ctx.remote('package.info', { id = id })
    if info then call.ctx.progress(line_of(id, info)) end
  end
end

local function changed(method)
  return function(call, params)
    local watching = params.wait and loop.spawn(show_state, { name = 'progress' }, call, params.id)
    local _, err = call.ctx.remote(method, params, { timeout = M.WAIT + GRACE })
    if watching then watching:cancel() end
    call.ctx.progress(nil)
    return nil, err
  end
end

--- Seconds a call with `wait` may take.
M.WAIT = 600

function M.params(id)
  return { id = id, wait = t.flag{ help = 'help.arg.wait' } }
end

---@param name 'start'|'stop'|'restart'
---@param params table<string, lib.rpc.Type>
function M.command(name, params)
  return rpc.from_fn_async(changed('package.' .. name))
    :with_params(params)
    :with_context('CliContext')
    :no_display()
    :with_about('about.package.' .. name)
    :with_examples(('package %s hello-world --wait'):format(name))
end

return M
