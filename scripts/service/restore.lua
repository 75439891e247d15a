--- Restoring a package from a backup directory.
---
--- The backup is checked against its manifest of hashes before anything changes. An installed
--- package is stopped; its data is rebuilt by its own restore procedure in a staging copy, which is
--- swapped in only when that has worked; then it starts again if it ran.
local backup = require('service.backup')
local container = require('service.container')
local crypto = require('engine.crypto')
local entry = require('service.entry')
local file = require('engine.file')
local host = require('service.host')
local install = require('service.install')
local json = require('engine.json')
local lease = require('engine.lease')
local phases = require('service.phases')
local status = require('service.status')
local store = require('engine.store')

local M = {}

local check = phases.check

local function broken(path, why)
  error({
    code = 'restore',
    message = ('the backup is damaged: %s %s'):format(path, why),
    hint = 'nothing was changed; choose another backup',
  }, 0)
end

--- The newest complete backup of a package on the target, of any server.
local function newest(target, id)
  local best, best_path
  for _, server in ipairs(file.list(target .. '/moonbox') or {}) do
    local directory = backup.directory(target, server.name, id)
    for _, found in ipairs(file.list(directory) or {}) do
      local mine = server.name == store.id()
      if found.name:match('^%d+T%d+Z$') and (not best or mine or found.name > best) then
        if not best or found.name > best then
          best, best_path = found.name, directory .. '/' .. found.name
        end
      end
    end
  end
  if not best_path then
    error({
      code = 'not_found',
      message = ('no backup of %q below %s'):format(id, target),
      hint = 'moon-cli backup create --target DIR makes one',
    }, 0)
  end
  return best_path
end

local function read_manifest(path, id)
  local manifest = check(json.decode(check(file.read(path .. '/manifest.json'))))
  if manifest.format ~= backup.FORMAT or manifest.kind ~= 'plain' then
    error({
      code = 'restore',
      message = ('this backup has format %s, kind %s'):format(manifest.format, manifest.kind),
      hint = 'a newer moonbox wrote it',
    }, 0)
  end
  if manifest.package.id ~= id then
    broken(path, 'belongs to ' .. tostring(manifest.package.id))
  end
  return manifest
end

local function verify_file(path, row)
  local info = file.stat(path)
  if not info then
    broken(row.path, 'is missing')
  elseif row.type == 'file' and check(crypto.blake3_file(path)) ~= row.blake3 then
    broken(row.path, 'has other content than its hash says')
  end
end

--- Every file as its hash says, and none besides. Works on our private copy.
local function verify(root, manifest, report)
  local expected = {}
  for index, row in ipairs(manifest.files) do
    expected[row.path] = true
    verify_file(root .. '/data/' .. row.path, row)
    if index % 64 == 0 then
      report('Verifying', index, #manifest.files, 'steps')
    end
  end
  for _, found in ipairs(check(file.walk(root .. '/data'))) do
    if not expected[found.path] then
      broken(found.path, 'is not in the manifest')
    end
  end
  if check(crypto.blake3_file(root .. '/' .. manifest.archive.file)) ~= manifest.archive.blake3 then
    broken(manifest.archive.file, 'has other content than its hash says')
  end
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
    local manifest = read_manifest(staged, id)
    report('Verifying')
    verify(staged, manifest, report)
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
