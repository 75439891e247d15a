--- Backups to a directory: the package writes its own, the host stores it with a manifest of
--- hashes.
---
--- Layout below the target: `moonbox/<store id>/<package>/<time>/` with `manifest.json`, the
--- package file and `data/`. A backup appears under its name only when it is complete.
--- `manifest.json` says `format` and `kind`, so that encrypted or incremental ones can stand beside
--- plain ones.
local container = require('service.container')
local crypto = require('engine.crypto')
local entry = require('service.entry')
local file = require('engine.file')
local host = require('service.host')
local json = require('engine.json')
local lease = require('engine.lease')
local log = require('engine.log')
local loop = require('engine.loop')
local lxc = require('engine.lxc')
local phases = require('service.phases')
local runtime = require('service.runtime')
local status = require('service.status')
local store = require('engine.store')
local stored = require('service.stored')

local M = {}

local check = phases.check

local function timestamp()
  return os.date('!%Y%m%dT%H%M%SZ')
end

--- Where backups of a package lie on a target.
function M.directory(target, server, id)
  return ('%s/moonbox/%s/%s'):format(target, server, id)
end

--- Refuses a target that is not a directory we can use.
function M.check_target(target)
  local info = file.stat(target)
  if not info or info.type ~= 'directory' then
    error({
      code = 'invalid_backup_target_id',
      message = target .. ' is not a directory',
      hint = 'mount the medium and name its directory with --target',
    }, 0)
  end
end

local function describe(root, found)
  local item = {
    path = found.path,
    type = found.type,
    mode = found.mode,
    uid = found.uid,
    gid = found.gid,
    mtime = found.mtime,
  }
  if found.type == 'file' then
    item.size = found.size
    item.blake3 = check(crypto.blake3_file(root .. '/' .. found.path))
  elseif found.type == 'symlink' then
    item.target = found.target
  end
  return item
end

--- One row a file, directory or link below `root`, in byte order of their paths.
local function inventory(root, report)
  local found = check(file.walk(root))
  local rows = json.array({})
  for index, each in ipairs(found) do
    rows[index] = describe(root, each)
    if index % 64 == 0 then
      report('Hashing', index, #found, 'steps')
    end
  end
  return rows
end

--- The package's own part: its `/backup/create` fills `directory`.
local function create_in_container(id, current, directory, report)
  local manifest = entry.manifest(current)
  local spec = check(container.spec(id, manifest, current.s9pk))
  report('Stopping')
  if current.statusInfo.started then
    local _, err = runtime.call(id, 'stop')
    check(not err or nil, err)
    check(entry.update_status(id, status.stopped))
  end
  check(lxc.mount_backup(spec, directory))
  report('Writing')
  local _, err = runtime.execute(id, '/backup/create', json.null)
  local unmounted, problem = lxc.unmount_backup(spec)
  check(not err or nil, err)
  check(unmounted, problem)
end

local function store_snapshot(id, current, partial, report)
  report('Hashing')
  local archive_name = id .. '.s9pk'
  check(file.copy(host.archive_path(current.s9pk), partial .. '/' .. archive_name))
  local manifest = entry.manifest(current)
  check(file.write(
    partial .. '/manifest.json',
    json.encode({
      format = stored.FORMAT,
      kind = 'plain',
      package = { id = id, version = manifest.version, title = manifest.title },
      server = store.id(),
      createdAt = os.date('!%Y-%m-%dT%H:%M:%SZ'),
      archive = {
        file = archive_name,
        blake3 = check(crypto.blake3_file(partial .. '/' .. archive_name)),
      },
      files = inventory(partial .. '/data', report),
    }, { pretty = true })
  ))
end

--- A name that no backup has yet: the second goes by for the next one. *async*
local function free_name(directory)
  local name = timestamp()
  while file.stat(directory .. '/' .. name) do
    loop.sleep(0.1)
    name = timestamp()
  end
  return name
end

--- One package. Whatever happens, it is left as it was: running again if it ran. *async*
local function back_up(target, id, report)
  local held = check(lease.acquire('package:' .. id))
  local current = entry.get(id)
  local directory = M.directory(target, store.id(), id)
  local name = free_name(directory)
  local partial = directory .. '/.partial-' .. name
  local ok, err = pcall(function()
    if not current or current.stateInfo.state ~= 'installed' then
      error(entry.unknown(id), 0)
    end
    check(entry.update_status(id, status.backing_up))
    check(file.mkdir(partial .. '/data'))
    create_in_container(id, current, partial .. '/data', report)
    store_snapshot(id, current, partial, report)
    check(file.rename(partial, directory .. '/' .. name))
    check(entry.change(id, function(one)
      one.lastBackup:ser(os.date('!%Y-%m-%dT%H:%M:%SZ'))
    end))
  end)
  if not ok then
    file.remove(partial, { recursive = true })
  end
  if current then
    entry.update_status(id, status.backed_up)
  end
  held:release()
  if not ok then
    error(err, 0)
  end
  return { path = directory .. '/' .. name }
end

--- What a job fails with that could not do all of them; `details` has the outcome of each.
local function failure_of(packages, failed, count)
  if count == 1 then return failed[1].err end
  local told = {}
  for i, each in ipairs(failed) do
    told[i] = ('%s: %s'):format(each.id, packages[each.id].error)
  end
  return { code = 'backup', details = { packages = packages },
    message = ('%d of %d packages could not be backed up: %s')
      :format(#failed, count, table.concat(told, '; ')) }
end

--- Backs packages up one after the other; one that fails does not keep the others from theirs.
--- *async*
---@param target string directory
---@param ids string[] empty: all installed packages
---@param report function
---@return table result {packages: {id: {path} or {error}}}
function M.run(target, ids, report)
  M.check_target(target)
  local packages, failed = {}, {}
  local wanted = #ids > 0 and ids or entry.ids()
  for _, id in ipairs(wanted) do
    report(id)
    local ok, made = pcall(back_up, target, id, function(phase, ...)
      report(id .. ': ' .. phase, ...)
    end)
    if not ok then
      failed[#failed + 1] = { id = id, err = made }
      made = { error = type(made) == 'table' and made.message or tostring(made) }
      log.error('backup', ('%s: %s'):format(id, made.error))
    end
    packages[id] = made
  end
  if #failed > 0 then
    error(failure_of(packages, failed, #wanted), 0)
  end
  return { packages = packages }
end

return M
