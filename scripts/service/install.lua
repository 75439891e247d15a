--- Installing and updating from a package file, as a job.
---
--- Nothing of the system changes before the whole package is verified. A step that fails undoes
--- what the steps before it did: a new package is gone again, an updated one is back on its old
--- archive and its old data.
local archive = require('engine.archive')
local container = require('service.container')
local crypto = require('engine.crypto')
local data_version = require('service.data_version')
local device = require('service.device')
local entry = require('service.entry')
local file = require('engine.file')
local fit = require('lib.fit')
local host = require('service.host')
local lease = require('engine.lease')
local log = require('engine.log')
local phases = require('service.phases')
local status = require('service.status')
local store = require('store')

local M = {}

local check = phases.check

local function holds_lua(package)
  local code = package:find('lua.squashfs')
  return code ~= nil and code.type == 'file'
end

--- Programs of another architecture need an interpreter the kernel knows.
local function warn_of_emulation(manifest)
  for id, image in pairs(manifest.images) do
    local arch = fit.image_arch(image, host.arch())
    if arch ~= host.arch() and not file.exists('/proc/sys/fs/binfmt_misc/qemu-' .. arch) then
      log.warn('service.' .. manifest.id,
        ('the image %s is for %s: install qemu-user-static and binfmt-support'):format(id, arch))
    end
  end
end

--- What can be seen before the large parts are read: the manifest is right, this machine can run
--- the package, and its code is for moonbox.
local function check_suits(package)
  local manifest = check(package:manifest())
  check(archive.check_manifest(manifest))
  local obstacle = device.obstacle(manifest)
  if not obstacle and not holds_lua(package) then
    obstacle = {
      code = 'install_failed',
      message = ('%s %s holds no lua.squashfs: it was not made for moonbox'):format(manifest.id,
        manifest.version),
      hint = 'packages with javascript.squashfs can be inspected and verified, not run',
    }
  end
  if obstacle then
    error(obstacle, 0)
  end
  warn_of_emulation(manifest)
  return manifest
end

--- Puts a private copy of the package into packages/, named by its root hash. It is read once: what
--- was verified is what is written, and what will be used. Images of other architectures are left
--- out, which changes neither hashes nor signature.
local function take_in(path, report)
  local directory = host.data_dir() .. '/packages'
  check(file.mkdir(directory, 448))
  local incoming = ('%s/.incoming-%s'):format(directory, crypto.guid())
  local ok, taken = pcall(function()
    report('Verifying')
    local package = check(archive.open(path))
    local manifest = check_suits(package)
    check(package:rewrite(incoming, {
      check = true,
      arch = host.kept_arch(),
      progress = function(done, total)
        report('Verifying', done, total, 'bytes')
      end,
    }))
    local signer = package:signer()
    -- The same tree signed by another key is another file.
    local root = package:commitment().rootSighashHex
    local name = ('%s-%s.s9pk'):format(root, crypto.blake3(signer):sub(1, 8))
    package:close()
    check(file.rename(incoming, host.archive_path(name)))
    return { name = name, manifest = manifest, signer = signer }
  end)
  if not ok then
    file.remove(incoming)
    error(taken, 0)
  end
  return taken
end

local function progress_writer(id)
  return function(tree)
    entry.change(id, function(one)
      local info = entry.installing(one)
      if info then
        info.progress:ser(tree)
      end
    end, { durable = false })
  end
end

--- `keep_data`: data of an earlier installation that outlives this one if it fails.
local function mark_installing(id, taken, keep_data)
  check(store.mutate(function(db)
    db.public.packageData:insert(id, {
      stateInfo = {
        state = 'installing',
        installingInfo = { newManifest = taken.manifest, progress = false, keepData = keep_data },
      },
      statusInfo = status.new(),
      s9pk = taken.name,
      developerKey = taken.signer,
      actions = {},
    })
  end))
end

local function mark_updating(id, current, taken)
  check(entry.set_state(id, {
    state = 'updating',
    manifest = current.stateInfo.manifest,
    s9pk = taken.name,
    installingInfo = { newManifest = taken.manifest, progress = false },
  }))
end

local function mark_installed(id, taken)
  check(entry.change(id, function(one)
    one.stateInfo:ser({ state = 'installed', manifest = taken.manifest })
    one.statusInfo:mutate(status.loaded)
    one.s9pk:ser(taken.name)
    one.developerKey:ser(taken.signer)
  end))
end

--- Removes every trace of a package but, if asked, its data.
---@param id string
---@param keep_data? boolean
function M.forget(id, keep_data)
  local current = entry.get(id)
  check(store.mutate(function(db)
    db.public.packageData:remove(id)
    db.private.packages:remove(id)
  end))
  file.remove(host.container_dir(id), { recursive = true })
  if not keep_data then
    file.remove(host.volumes_dir(id), { recursive = true })
    file.remove(host.logs_dir(id), { recursive = true })
    file.remove(host.fed_file(id))
  end
  if current and current.s9pk then
    M.drop_archive(current.s9pk)
  end
end

--- Deletes an archive that no package refers to any more.
function M.drop_archive(name)
  for _, id in ipairs(entry.ids()) do
    local other = entry.get(id)
    if other and (other.s9pk == name or other.stateInfo.s9pk == name) then
      return
    end
  end
  file.remove(host.archive_path(name))
end

--- A package whose own code fails stays, in state `error`, so that its author sees file and line
--- and installs a better one over it.
local function keep_broken(id, taken, err)
  mark_installed(id, taken)
  entry.set_error(id, err)
end

local function install_new(id, taken, report, backup_dir)
  local keep_data = file.exists(host.volumes_dir(id))
  local kind = backup_dir and 'restore' or keep_data and 'update' or 'install'
  mark_installing(id, taken, keep_data)
  report('Installing')
  local built, err = container.build(id, {
    manifest = taken.manifest,
    archive = taken.name,
    kind = kind,
    backup_dir = backup_dir,
  })
  if not built and err.code == 'script' and not backup_dir then
    keep_broken(id, taken, err)
  elseif not built then
    M.forget(id, keep_data)
  end
  check(built, err)
  mark_installed(id, taken)
end

--- The copy of the data that a failed update goes back to.
local function snapshot_path(id)
  return host.volumes_dir(id) .. '.before-update'
end

--- Puts an interrupted or failed update back to the old archive and the old data.
function M.roll_back(id)
  local current = entry.get(id)
  local snapshot = snapshot_path(id)
  if file.exists(snapshot) then
    check(file.remove(host.volumes_dir(id), { recursive = true }))
    check(file.rename(snapshot, host.volumes_dir(id)))
  end
  local abandoned = current.stateInfo.s9pk
  check(entry.set_state(id, { state = 'installed', manifest = current.stateInfo.manifest }))
  if abandoned and abandoned ~= current.s9pk then
    M.drop_archive(abandoned)
  end
end

--- Whoever signed the first version signs the next: a key is all that says who made a package.
local function check_signer(id, current, taken)
  if current.developerKey ~= taken.signer then
    error({
      code = 'invalid_signature',
      message = ('%s is signed by another key than the version that is installed'):format(id),
      hint = ('if you trust it: moon-cli package uninstall --soft %s, then install it'):format(id),
    }, 0)
  end
end

local function update(id, current, taken, report)
  local old = current.stateInfo.manifest
  local target = check(data_version.target(check(data_version.read(id)), old, taken.manifest))
  mark_updating(id, current, taken)
  local ok, err = pcall(function()
    report('Stopping')
    local down, problem = container.shutdown(id, old, current.s9pk, target)
    if not down then
      log.warn('service.' .. id, 'the old version ended badly: ' .. problem.message)
    end
    report('Saving data')
    file.remove(snapshot_path(id), { recursive = true })
    check(file.copy_tree(host.volumes_dir(id), snapshot_path(id)))
    report('Updating')
    check(container.build(id, {
      manifest = taken.manifest,
      archive = taken.name,
      kind = 'update',
    }))
  end)
  if not ok then
    M.roll_back(id)
    error(err, 0)
  end
  mark_installed(id, taken)
  file.remove(snapshot_path(id), { recursive = true })
  if current.s9pk ~= taken.name then
    M.drop_archive(current.s9pk)
  end
end

--- The work of the job; raises what goes wrong. *async*
---@param path string package file
---@param report fun(phase: string, done?: number, total?: number, units?: string)
---@param opts? { backup_dir?: string } restore: the data of the backup
---@return table result {id, version}
function M.run(path, report, opts)
  opts = opts or {}
  local taken = take_in(path, report)
  local id = taken.manifest.id
  local held = check(lease.acquire('package:' .. id))
  local ok, err = pcall(function()
    report.on_tree = progress_writer(id)
    local current = entry.get(id)
    if not current then
      install_new(id, taken, report, opts.backup_dir)
    elseif current.stateInfo.state == 'installed' then
      check_signer(id, current, taken)
      update(id, current, taken, report)
    else
      error({
        code = 'conflict',
        message = ('%s is %s'):format(id, current.stateInfo.state),
        hint = 'wait until that has ended: moon-cli job list',
      }, 0)
    end
  end)
  held:release()
  if not ok then
    M.drop_archive(taken.name)
    error(err, 0)
  end
  return { id = id, version = taken.manifest.version }
end

return M
