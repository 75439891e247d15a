--- The package author's library: `local sdk = require('moonbox')`.
---
---     return {
---       main = function(args)
---         local web = sdk.subcontainer(args.effects, { image = 'main', mounts = {
---           { volume = 'main', path = '/data' } } })
---         return sdk.daemons():daemon('web', {
---           subcontainer = web,
---           exec = { command = { 'httpd', '-f', '-p', '80' } },
---           ready = { display = 'Web page', check = sdk.health.http('http://127.0.0.1/') },
---         })
---       end,
---       create_backup = sdk.backup.volumes{ 'main' },
---     }
local action = require('runtime.sdk.action')
local daemons = require('runtime.sdk.daemons')
local subcontainer = require('runtime.sdk.subcontainer')
local world = require('runtime.world')

local M = {
  action = action.new,
  actions = action.set,
  backup = require('runtime.sdk.backup'),
  exver = require('lib.exver'),
  health = require('runtime.sdk.health'),
  input = require('runtime.sdk.input'),
  json = require('engine.json'),
  use_entrypoint = subcontainer.use_entrypoint,
  volume = require('runtime.sdk.volume').open,
}

--- An empty daemon set, filled by `:daemon`, `:oneshot` and `:health`.
function M.daemons() return daemons.new() end

--- A place to run programs of an image in. Nothing is made before it is used; it ends with the
--- context of `effects`.
---@param effects table
---@param opts runtime.SubcontainerOptions
function M.subcontainer(effects, opts) return subcontainer.new(effects, opts) end

--- What a procedure answers when it failed as can be expected.
---@param message string
---@param details? table
---@return nil
---@return engine.Error err
function M.fail(message, details)
  return nil, { code = 'action', message = message, details = details }
end

--- Raises what `nil, err` stands for; gives everything else back.
function M.check(value, err)
  if value == nil and err ~= nil then error(err, 0) end
  return value
end

--- Waits. *async*
---@param seconds number
function M.sleep(seconds) return world.loop.sleep(seconds) end

--- A line in the service's log.
---@param message string
---@param level? 'debug'|'info'|'warn'|'error'
function M.log(message, level) return world.ns.log({ message = message, level = level }) end

return M
