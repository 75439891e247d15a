--- What the runtime and the author's library may touch: paths, files, processes, clock, the host.
---
--- In a container all of it is real. An isolated state has none of it but the host, and the test
--- runner puts its own in place; so nothing else in `runtime/` requires these engine modules.
local M = {}

local function optional(name)
  local found, module = pcall(require, name)
  return found and module or nil
end

local function refused(what)
  return function()
    return nil, { code = 'permission_denied', message = what .. ' cannot be used here',
      hint = 'this code runs isolated: it may compute and call effects, nothing else' }
  end
end

--- A module that is not there answers every call with `permission_denied`.
local function or_refused(module, what)
  return module or setmetatable({}, { __index = function() return refused(what) end })
end

---@class runtime.World
---@field file engine.file
---@field ns engine.ns
---@field loop engine.loop
---@field log engine.log
---@field media string
---@field package string
---@field call fun(method: string, params: table, timeout?: number): any, any

local container = optional('engine.container')
local paths = container and container.paths()

M.file = or_refused(optional('engine.file'), 'files')
M.ns = or_refused(optional('engine.ns'), 'processes')
M.loop = or_refused(optional('engine.loop'), 'timers')
M.log = optional('engine.log') or { debug = print, info = print, warn = print, error = print }
M.media = paths and paths.media or '/media/startos'
M.package = paths and paths.package or '/usr/lib/startos/package'
M.host_socket = paths and paths.host_socket or '/media/startos/rpc/host.sock'

--- Calls an effect of the host. *async*
---@param method string as on the wire: 'set-health', 'subcontainer.create-fs'
---@param params table
---@param timeout? number seconds
---@return any result
---@return engine.Error? err
function M.call(method, params, timeout)
  return require('runtime.host').call(M.host_socket, method, params, timeout)
end

--- Puts other things in place; for the test runner and isolated states.
---@param world table<string, any>
function M.replace(world)
  for name, thing in pairs(world) do
    M[name] = thing
  end
end

--- Where a volume lies.
---@param volume string
function M.volume(volume) return ('%s/volumes/%s'):format(M.media, volume) end

return M
