--- Operations that have a package to themselves: making its container anew, removing it.
local container = require('service.container')
local entry = require('service.entry')
local host = require('service.host')
local install = require('service.install')
local lease = require('engine.lease')
local log = require('engine.log')
local phases = require('service.phases')
local status = require('service.status')

local M = {}

local check = phases.check

--- Runs `work` with the package locked against everybody else. *async*
local function exclusively(id, work)
  local held = check(lease.acquire('package:' .. id))
  local ok, result = pcall(work)
  held:release()
  if not ok then
    error(result, 0)
  end
  return result
end

local function current_of(id)
  local current = entry.get(id)
  if not current then
    error(entry.unknown(id), 0)
  end
  return current
end

--- Destroys the container and makes a new one; the service starts again if it should run. *async*
---@param id string
---@param report function
function M.rebuild(id, report)
  return exclusively(id, function()
    local current = current_of(id)
    local manifest = entry.manifest(current)
    report('Stopping')
    local down, err = container.shutdown(id, manifest, current.s9pk, manifest.version)
    if not down then
      log.warn('service.' .. id, 'ended badly: ' .. err.message)
    end
    report('Building')
    local built, problem = container.build(id, { manifest = manifest, archive = current.s9pk })
    if not built then
      entry.set_error(id, problem)
      error(problem, 0)
    end
    check(entry.update_status(id, status.loaded))
    return { id = id, version = manifest.version }
  end)
end

--- Removes a package: its own uninit runs, then container, archive, data and entry go. *async*
---@param id string
---@param opts { soft?: boolean, force?: boolean } soft: keep data and logs; force: go on when the
--- package's own uninit fails
---@param report function
function M.uninstall(id, opts, report)
  return exclusively(id, function()
    local current = current_of(id)
    local manifest = entry.manifest(current)
    check(entry.set_state(id, { state = 'removing', manifest = manifest, keepData = opts.soft }))
    report('Stopping')
    local down, err = container.shutdown(id, manifest, current.s9pk, nil)
    if not down and not opts.force then
      entry.set_state(id, { state = 'installed', manifest = manifest })
      err.hint = err.hint or 'uninstall --force removes it all the same'
      error(err, 0)
    end
    report('Removing')
    install.forget(id, opts.soft)
    host.release()
    return { id = id }
  end)
end

return M
