--- The host's own resources for containers: names, paths, addresses, the bridge, the base image.
---
--- Everything is derived from the store's id, so that two daemons on one machine never meet, or
--- recorded in the store, so that a container is found again after a restart.
local daemon = require('engine.daemon')
local entry = require('service.entry')
local file = require('engine.file')
local lease = require('engine.lease')
local log = require('engine.log')
local lxc = require('engine.lxc')
local engine = require('engine.store')
local store = require('store')

local M = {}

--- Seconds that stand for "no limit".
M.FOREVER = 10 * 365 * 24 * 3600

local ID_BASE = 100000
local ID_COUNT = 65536
--- Addresses .2 to .254 of the bridge's /24.
local MAX_SLOT = 252

local facts

local function info()
  facts = facts or daemon.info()
  return facts
end

--- Six hexadecimal digits that name this store on the machine.
function M.tag()
  return engine.id():sub(1, 6)
end

--- Architecture of this machine, as packages name it.
---@return string
function M.arch()
  return info().arch
end

--- The architecture of the images that installations keep; nil: those of all.
---@return string?
function M.kept_arch()
  if info().multiArchS9pks then
    return nil
  end
  return info().arch
end

---@return string
function M.data_dir()
  return info().dataDir
end

function M.run_dir(id)
  return ('/run/moonbox/%s/%s'):format(M.tag(), id)
end

function M.rpc_dir(id)
  return M.run_dir(id) .. '/rpc'
end

function M.container_name(id)
  return ('%s-%s'):format(M.tag(), id)
end

function M.container_dir(id)
  return ('%s/containers/%s'):format(M.data_dir(), id)
end

--- The directory of a package's volumes; `.version` lies in it too.
function M.volumes_dir(id)
  return ('%s/volumes/%s'):format(M.data_dir(), id)
end

--- Where the data of the running container lies: beside the package's own place while it is being
--- restored, else there.
function M.data_root(id)
  local made_from = entry.get_private(id).container
  return made_from and made_from.volumesDir or M.volumes_dir(id)
end

function M.logs_dir(id)
  return ('%s/logs/packages/%s'):format(M.data_dir(), id)
end

--- How far the service's log has been put into the channel `logs`.
function M.fed_file(id)
  return M.logs_dir(id) .. '.fed'
end

function M.archive_path(name)
  return ('%s/packages/%s'):format(M.data_dir(), name)
end

--- First host id of a package's 65536 user and group ids.
function M.id_base(slot)
  return ID_BASE + slot * ID_COUNT
end

M.ID_COUNT = ID_COUNT

--- Makes the bridge if it is not there, on the subnet recorded in the store; a free one is found
--- and recorded the first time. *async*
---@return { name: string, subnet: string, gateway: string }? bridge
---@return engine.Error? err
function M.bridge()
  local recorded = store.peek(function(db)
    return db.private.network:de()
  end)
  local name = 'moonbr-' .. M.tag()
  local bridge, err = lxc.ensure_bridge({ name = name, subnet = recorded and recorded.subnet })
  if not bridge then
    return nil, err
  end
  if not recorded or recorded.subnet ~= bridge.subnet then
    local ok, problem = store.mutate(function(db)
      db.private.network:ser({ bridge = name, subnet = bridge.subnet })
    end)
    if not ok then
      return nil, problem
    end
  end
  return bridge
end

--- Reserves a slot for a package: its id range and its address. Slot numbers are reused after an
--- uninstall. *async*
---@param id string
---@return integer? slot
---@return engine.Error? err
function M.reserve_slot(id)
  return store.mutate(function(db)
    local packages = db.private.packages
    local own = packages:as_idx(id)
    local known = own and own.slot:de()
    if known then
      return known
    end
    local taken = {}
    for _, other in packages:entries() do
      taken[other.slot:de() or 0] = true
    end
    for slot = 1, MAX_SLOT do
      if not taken[slot] then
        packages:insert(id, { slot = slot })
        return slot
      end
    end
    return nil, { code = 'busy', message = ('all %d container slots are in use'):format(MAX_SLOT) }
  end)
end

--- The address of a slot on the bridge's subnet ("10.83.12.0/24").
function M.address(subnet, slot)
  local prefix = subnet:match('^(%d+%.%d+%.%d+)%.')
  return ('%s.%d'):format(prefix, slot + 1)
end

local image

local function build_image()
  local built, err = lxc.build_base_image({
    directory = M.data_dir() .. '/images',
    moon_container = info().moonContainer,
    scripts = info().shippedScripts,
    manifest = info().scriptManifest,
  })
  if not built then
    return nil, err
  end
  image = built.path
  if built.fresh then
    log.info('service', 'built the base image', { path = built.path })
  end
  return image
end

--- The base image of all containers, built when its inputs changed. *async*
---@return string? path
---@return engine.Error? err
function M.base_image()
  if image then
    return image
  end
  local held, err = lease.acquire('base-image')
  if not held then
    return nil, err
  end
  local path, problem = build_image()
  held:release()
  return path, problem
end

--- Takes down what no container needs any more: the bridge and the folder of mount points. The
--- subnet stays recorded. *async*
function M.release()
  if #entry.ids() > 0 then
    return
  end
  lxc.delete_bridge('moonbr-' .. M.tag())
  file.remove('/run/moonbox/' .. M.tag())
end

return M
