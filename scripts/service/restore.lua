--- Restoring a package from a backup directory.
---
--- The backup is checked against its manifest of hashes before anything changes. An installed
--- package is stopped; its data is rebuilt by its own restore procedure in a staging copy, which is
--- swapped in only when that has worked; then it starts again if it ran.
local backup = require('service.backup')
local container = require('service.container')
local entry = require('service.entry')
local file = require('engine.file')
local host = require('service.host')
local install = require('service.install')
local lease = require('engine.lease')
local phases = require('service.phases')
local status = require('service.status')
local stored = require('service.stored')

local M = {}

local check = phases.check

--- The newest complete backup of a package on the target, of any server.
local function newest(target, id)
  local best
  for _, found in ipairs(stored.find(target)) do
    if found.package == id and (not best or found.name > best.name) then
      best = found
    end
  end
  if not best then
    error({
      code = 'not_found',
      message = ('no backup of %q below %s'):format(id, target),
      hint = 'moon-cli backup create --target DIR makes one',
    }, 0)
  end
  return best.path
end

--- The data side of a restore over an installed package.
local function rebuild_data(id, current, staged, report)
  local manifest = entry.manifest(current)
  local fresh = host.volumes_dir(id) .. '.restoring'
  local old = host.volumes_dir(id) .. '.before-restore'
  file.remove(fresh, { recursive = true })
  file.remove(old, { recursive = true })
  check(file.mkdir(fresh))
  report('Stopping')
  container.shutdown(id, manifest, current.s9pk, manifest.version)
  report('Restoring')
  local built, err = container.build(id, {
    manifest = manifest,
    archive = current.s9pk,
    kind = 'restore',
    volumes_dir = fresh,
    backup_dir = staged .. '/data',
  })
  if not built then
    file.remove(fresh, { recursive = true })
    error(err, 0)
  end
  check(file.rename(host.volumes_dir(id), old))
  check(file.rename(fresh, host.volumes_dir(id)))
  check(entry.change_private(id, function(record)
    record.container.volumesDir:ser(host.volumes_dir(id))
  end))
  file.remove(old, { recursive = true })
end

local function restore_installed(id, staged, report)
  local held = check(lease.acquire('package:' .. id))
  local ok, err = pcall(function()
    rebuild_data(id, entry.get(id), staged, report)
  end)
  -- Loaded, stopped; the supervisor starts it again if it ran.
  entry.update_status(id, status.loaded)
  held:release()
  if not ok then
    error(err, 0)
  end
end

--- *async*
---@param target string directory
---@param id string package
---@param report function
function M.run(target, id, report)
  backup.check_target(target)
  local source = newest(target, id)
  local staged = ('%s/restore/%s'):format(host.data_dir(), id)
  file.remove(staged, { recursive = true })
  local ok, result = pcall(function()
    report('Copying')
    check(file.mkdir(host.data_dir() .. '/restore', 448))
    check(file.copy_tree(source, staged))
    local manifest = stored.manifest(staged, id)
    report('Verifying')
    stored.verify(staged, manifest, report)
    if entry.get(id) then
      restore_installed(id, staged, report)
    else
      install.run(staged .. '/' .. manifest.archive.file, report, {
        backup_dir = staged .. '/data',
      })
    end
    return { id = id, version = manifest.package.version, from = source }
  end)
  file.remove(staged, { recursive = true })
  if not ok then
    error(result, 0)
  end
  return result
end

return M
