--- One package's container: made, adopted, torn down. The caller holds the package's lease.
local archive = require('engine.archive')
local daemon = require('engine.daemon')
local entry = require('service.entry')
local file = require('engine.file')
local host = require('service.host')
local log = require('engine.log')
local loop = require('engine.loop')
local lxc = require('engine.lxc')
local null = require('lib.null')
local runtime = require('service.runtime')

local M = {}

--- Seconds until a fresh container must answer.
local READY_TIMEOUT = 30
--- Seconds a container gets to end by itself.
local STOP_TIMEOUT = 30

local DEFAULT_MEMORY = 1024 * 1024 * 1024
local DEFAULT_PIDS = 4096

local function limits(manifest)
  local wanted = manifest.limits or {}
  return {
    memory = wanted.memory or DEFAULT_MEMORY,
    pids = wanted.pids or DEFAULT_PIDS,
  }
end

--- What liblxc and the mounts are told. *async*
---@param id string
---@param manifest table
---@param archive_file string name of the .s9pk in packages/
---@return engine.lxc.Spec? spec
---@return engine.Error? err
function M.spec(id, manifest, archive_file)
  local bridge, err = host.bridge()
  if not bridge then
    return nil, err
  end
  local image, image_err = host.base_image()
  if not image then
    return nil, image_err
  end
  local slot, slot_err = host.reserve_slot(id)
  if not slot then
    return nil, slot_err
  end
  local bounds = limits(manifest)
  return {
    name = host.container_name(id),
    hostname = id,
    base_image = image,
    id_base = host.id_base(slot),
    id_count = host.ID_COUNT,
    run_dir = host.run_dir(id),
    state_dir = host.container_dir(id),
    logs_dir = host.logs_dir(id),
    bridge = bridge.name,
    veth = ('mb%s%d'):format(host.tag(), slot),
    address = host.address(bridge.subnet, slot),
    gateway = bridge.gateway,
    memory_limit = bounds.memory,
    pids_limit = bounds.pids,
    archive = host.archive_path(archive_file),
    environment = { 'LANG=C.UTF-8', 'MOONBOX_PACKAGE=' .. id },
  }
end

--- The files of a package with the place of each in the archive. Everything is verified first, so
--- what is mounted is what was signed.
local function verified_files(package)
  local verified, err = package:verify({ level = 'archive' })
  if not verified then
    return nil, err
  end
  local listed, problem = package:list()
  if not listed then
    return nil, problem
  end
  local files = {}
  for _, found in ipairs(listed) do
    files[found.path] = found
  end
  return files
end

--- The region of the archive a squashfs lies in.
local function region(spec, found)
  return { file = spec.archive, offset = found.position, size = found.size, key = found.hash }
end

--- Where an image lies: for this machine's architecture, or for the one to be emulated.
local function image_base(files, id, emulated)
  local native = ('images/%s/%s'):format(host.arch(), id)
  local found = files[native .. '.squashfs']
  if found and found.type == 'file' or not emulated or null.is_null(emulated) then
    return native
  end
  return ('images/%s/%s'):format(emulated, id)
end

local function mount_image(spec, package, files, id, emulated)
  local base = image_base(files, id, emulated)
  local image = files[base .. '.squashfs']
  if not image or image.type ~= 'file' then
    return nil, {
      code = 'validate_s9pk',
      message = ('image %q is not in the package for %s'):format(id, host.arch()),
    }
  end
  local texts = {}
  for _, kind in ipairs({ 'env', 'json' }) do
    if files[base .. '.' .. kind] then
      local text, err = package:read(base .. '.' .. kind)
      if not text then
        return nil, err
      end
      texts[kind] = text
    end
  end
  return lxc.mount_image(spec, id, region(spec, image), texts)
end

local function mount_images(spec, package, files, manifest)
  for id, image in pairs(manifest.images or {}) do
    local mounted, err = mount_image(spec, package, files, id, image.emulateMissingAs)
    if not mounted then
      return nil, err
    end
  end
  return true
end

local function mount_volumes(spec, manifest, volumes_dir)
  for _, volume in ipairs(manifest.volumes or {}) do
    local source = volumes_dir .. '/' .. volume
    local made, err = file.mkdir(source)
    if not made then
      return nil, err
    end
    local mounted, problem = lxc.mount_volume(spec, volume, source)
    if not mounted then
      return nil, problem
    end
  end
  return true
end

local function mount_package(spec, package, manifest, volumes_dir)
  local files, err = verified_files(package)
  if not files then
    return nil, err
  end
  local ok, problem = lxc.mount_package(spec, region(spec, files['lua.squashfs']))
  if ok and files['assets.squashfs'] then
    ok, problem = lxc.mount_assets(spec, region(spec, files['assets.squashfs']))
  end
  if ok then
    ok, problem = mount_images(spec, package, files, manifest)
  end
  if ok then
    ok, problem = mount_volumes(spec, manifest, volumes_dir)
  end
  return ok, problem
end

--- Mounts what the package brings: code, assets, images, volumes.
local function mount_all(spec, manifest, volumes_dir)
  local package, err = archive.open(spec.archive)
  if not package then
    return nil, err
  end
  local ok, problem = mount_package(spec, package, manifest, volumes_dir)
  package:close()
  return ok, problem
end

local function serve_effects(id, spec)
  return daemon.listen({
    path = host.rpc_dir(id) .. '/host.sock',
    context = 'EffectContext',
    attributes = { package = id },
    uid = spec.id_base,
    gid = spec.id_base,
  })
end

local function remember(id, spec, archive_file, volumes_dir)
  return entry.change_private(id, function(record)
    record.container:ser({
      archive = archive_file,
      volumesDir = volumes_dir,
      baseImage = spec.base_image,
      address = spec.address,
    })
  end)
end

--- The part of a spec that reaches into a running container.
---@param id string
function M.brief(id)
  local slot = entry.get_private(id).slot
  return {
    name = host.container_name(id),
    run_dir = host.run_dir(id),
    state_dir = host.container_dir(id),
    id_base = slot and host.id_base(slot),
    base_image = (entry.get_private(id).container or {}).baseImage,
  }
end

---@class service.BuildOptions
---@field archive string name of the .s9pk in packages/
---@field manifest table
---@field kind? 'install'|'update'|'restore' init kind; nil: a plain load
---@field volumes_dir? string where the volumes lie; default: the package's own
---@field backup_dir? string mounted read-only at /media/startos/backup during init

--- Starts a fresh container and initialises the package in it. On failure nothing of it is left.
--- *async*
---@param id string
---@param opts service.BuildOptions
---@return true? ok
---@return engine.Error? err
function M.build(id, opts)
  local spec, err = M.spec(id, opts.manifest, opts.archive)
  if not spec then
    return nil, err
  end
  local volumes_dir = opts.volumes_dir or host.volumes_dir(id)
  lxc.teardown(spec)
  local ok, problem = lxc.start(spec)
  if ok then
    ok, problem = runtime.wait_ready(id, READY_TIMEOUT)
  end
  if ok then
    ok, problem = mount_all(spec, opts.manifest, volumes_dir)
  end
  if ok and opts.backup_dir then
    ok, problem = lxc.mount_backup(spec, opts.backup_dir, { readonly = true })
  end
  if ok then
    ok, problem = serve_effects(id, spec)
  end
  if ok then
    ok, problem = remember(id, spec, opts.archive, volumes_dir)
  end
  if ok then
    local _, init_err = runtime.init(id, opts.kind)
    ok, problem = not init_err, init_err
  end
  if ok and opts.backup_dir then
    ok, problem = lxc.unmount_backup(spec)
  end
  if not ok then
    M.discard(id, spec)
    return nil, problem
  end
  log.info('service.' .. id, 'container is up', { address = spec.address })
  return true
end

--- Takes over a running container of this package, if it is the one the store knows. *async*
---@return table? runtime_status {initialised, main, …}
---@return engine.Error? err `not_found` when there is none to adopt
function M.adopt(id, manifest, archive_file)
  local spec, err = M.spec(id, manifest, archive_file)
  if not spec then
    return nil, err
  end
  local made_from = entry.get_private(id).container or {}
  local same = made_from.archive == archive_file and made_from.baseImage == spec.base_image
  local found = same and lxc.adopt(spec)
  if not found then
    return nil, { code = 'not_found', message = 'no container to adopt' }
  end
  local served, listen_err = serve_effects(id, spec)
  if not served then
    return nil, listen_err
  end
  local answer, problem = runtime.wait_ready(id, 5)
  if not answer or not answer.initialised then
    return nil, problem or { code = 'not_found', message = 'the runtime is not initialised' }
  end
  return answer
end

--- Kills what is left of a container and unmounts everything. Idempotent. *async*
function M.discard(id, spec)
  daemon.unlisten(host.rpc_dir(id) .. '/host.sock')
  lxc.stop(spec.name, { timeout = 0 })
  return lxc.teardown(spec)
end

--- Ends the container in order: main, uninit, runtime, mounts. *async*
---@param id string
---@param manifest table
---@param archive_file string
---@param target? string version the data should fit; nil: uninstall
---@return true? ok
---@return engine.Error? err of the package's own exit; the container is gone all the same
function M.shutdown(id, manifest, archive_file, target)
  local spec, err = M.spec(id, manifest, archive_file)
  if not spec then
    return nil, err
  end
  local exit_err
  if lxc.state(spec.name) == 'running' then
    local _, problem = runtime.exit(id, target)
    -- The runtime ends after its answer, so a lost connection is its farewell.
    if problem and problem.code ~= 'connection_lost' and problem.code ~= 'outcome_unknown' then
      exit_err = problem
    end
    lxc.stop(spec.name, { timeout = exit_err and 1 or STOP_TIMEOUT })
  end
  daemon.unlisten(host.rpc_dir(id) .. '/host.sock')
  local gone, problem = lxc.teardown(spec)
  if not gone then
    return nil, problem
  end
  if exit_err then
    return nil, exit_err
  end
  return true
end

--- Yields until the container's PID 1 has ended. *async*
function M.wait_exit(id)
  return lxc.wait_exit(host.container_name(id))
end

--- Ends containers on this store's names that no installed package owns: leftovers of an operation
--- that was cut off. *async*
function M.sweep()
  local owned = {}
  for _, id in ipairs(entry.ids()) do
    owned[host.container_name(id)] = true
  end
  for _, name in ipairs(lxc.list() or {}) do
    local id = name:match('^' .. host.tag() .. '%-(.+)$')
    if id and not owned[name] then
      log.warn('service', 'removing a container nobody owns', { container = name })
      lxc.stop(name, { timeout = 0 })
      lxc.teardown({
        name = name,
        run_dir = host.run_dir(id),
        state_dir = host.container_dir(id),
      })
      loop.sleep(0)
    end
  end
end

return M
