--- What an operator asks of a package: changes of its desired state, and waiting for their effect.
local entry = require('service.entry')
local loop = require('engine.loop')
local lxc = require('engine.lxc')
local host = require('service.host')
local null = require('lib.null')
local status = require('service.status')
local store = require('engine.store')

local M = {}

--- The entry of an installed package, or nil and an error that says what is in the way.
---@param id string
---@return table? entry
---@return engine.Error? err `not_found`, `conflict`
function M.installed(id)
  local current = entry.get(id)
  if not current then
    return nil, entry.unknown(id)
  end
  local state = current.stateInfo.state
  if state ~= 'installed' then
    return nil, {
      code = 'conflict',
      message = ('%s is %s'):format(id, state),
      hint = 'wait until that has ended: moon-cli job list',
    }
  end
  return current
end

--- Applies a transition of `service.status` to what the operator wants. *async*
---@param id string
---@param change fun(current: service.Status): service.Status
function M.change(id, change)
  local current, err = M.installed(id)
  if not current then
    return nil, err
  end
  local done, problem = entry.update_status(id, change)
  if done == nil then
    return nil, problem
  end
  return true
end

local function failure(current)
  local err = current.statusInfo.error
  if type(err) ~= 'table' then
    return nil
  end
  return { code = err.kind, message = err.message, details = err.details }
end

--- Whether it is what it should be: up with every check good, or down.
local function settled(current)
  local word = status.display(current.stateInfo.state, current.statusInfo)
  if word == 'running' then
    local health = status.aggregate_health(current.statusInfo)
    return health == 'success' or health == 'loading'
  end
  return word == 'stopped'
end

--- Waits until the package is what is desired of it. *async*
---@param id string
---@param timeout number seconds
---@return true? ok
---@return engine.Error? err what it failed with, or `timeout`
function M.wait_settled(id, timeout)
  local deadline = loop.now() + timeout
  local watch = store.watch(entry.public(id))
  while true do
    local current = entry.get(id)
    local err = not current and entry.unknown(id) or failure(current)
    if err or settled(current) then
      watch:close()
      return not err and true or nil, err
    end
    local left = deadline - loop.now()
    if left <= 0 or not (watch:next(left)) then
      watch:close()
      return nil, {
        code = 'timeout',
        message = ('%s did not get there within %g s'):format(id, timeout),
        hint = ('moon-cli package info %s, moon-cli package logs %s'):format(id, id),
      }
    end
  end
end

local function address_of(id)
  local made_from = entry.get_private(id).container
  return made_from and made_from.address
end

--- One row of `package.list`.
function M.summary(id, current)
  local manifest = entry.manifest(current)
  local state = current.stateInfo.state
  return {
    id = id,
    version = manifest.version,
    title = manifest.title,
    status = status.display(state, current.statusInfo),
    health = status.aggregate_health(current.statusInfo),
    address = address_of(id),
  }
end

--- Everything about one package. *async*
function M.describe(id)
  local current = entry.get(id)
  if not current then
    return nil, entry.unknown(id)
  end
  local told = M.summary(id, current)
  told.state = current.stateInfo.state
  told.progress = current.stateInfo.installingInfo and current.stateInfo.installingInfo.progress
  told.desired = current.statusInfo.desired.main
  told.started = current.statusInfo.started
  told.checks = current.statusInfo.health
  told.error = current.statusInfo.error
  told.actions = current.actions
  told.volumes = entry.manifest(current).volumes
  told.lastBackup = current.lastBackup
  told.archive = current.s9pk
  told.container = lxc.stats(host.container_name(id))
  for key, value in pairs(told) do
    if null.is_null(value) then
      told[key] = nil
    end
  end
  return told
end

return M
