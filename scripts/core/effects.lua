--- Effects: what a package may ask of the host, over its own `host.sock`.
---
--- The socket is the authority: `call.ctx.package` says whose it is, never a parameter.
local container = require('service.container')
local copy = require('lib.copy')
local daemon = require('engine.daemon')
local data_version = require('service.data_version')
local entry = require('service.entry')
local host = require('service.host')
local lxc = require('engine.lxc')
local null = require('lib.null')
local crypto = require('engine.crypto')
local rpc = require('lib.rpc')
local status = require('service.status')
local store = require('engine.store')
local t = rpc.types

local function own(call) return call.ctx.package end

local function done(ok, err)
  if not ok then return nil, err end
  return nil
end

local function echo(_call, params) return params.message end

local function git_info() return daemon.info().gitInfo end

local function change(fn)
  return function(call) return done(entry.update_status(own(call), fn)) end
end

local function edit(call, act) return done(entry.change(own(call), act)) end

--- Progress may come after all is over.
local function progress(call, act)
  local ok, err = entry.change(own(call), act, { durable = false })
  if not ok and err.code ~= 'not_found' then return nil, err end
  return nil
end

local function set_health(call, params)
  return edit(call, function(one)
    one.statusInfo.health:insert(params.id,
      { name = params.name, result = params.result, message = params.message })
  end)
end

local function set_init_progress(call, params)
  return progress(call, function(one)
    local info = entry.installing(one)
    if info then info.packageProgress:ser(params.progress) end
  end)
end

local function set_backup_progress(call, params)
  return progress(call, function(one) one.backupProgress:ser(params.progress) end)
end

local function get_data_version(call) return data_version.read(own(call)) end

local function set_data_version(call, params)
  local version = not null.is_null(params.version) and params.version or nil
  return done(data_version.write(own(call), version))
end

local function action_export(call, params)
  return edit(call, function(one) one.actions:insert(params.id, params.metadata) end)
end

local function action_clear(call, params)
  local keep = {}
  for _, id in ipairs(params.except) do
    keep[id] = true
  end
  return edit(call, function(one)
    for _, id in ipairs(one.actions:keys()) do
      if not keep[id] then one.actions:remove(id) end
    end
  end)
end

local function create_fs(call, params)
  local guid = crypto.guid()
  local path, err = lxc.create_fs(container.brief(own(call)), params.imageId, guid)
  if not path then return nil, err end
  return { path, guid }
end

local function destroy_fs(call, params)
  return done(lxc.destroy_fs(container.brief(own(call)), params.guid))
end

local function get_service_manifest(call, params)
  local id = params.packageId or own(call)
  local current = entry.get(id)
  if not current then return nil, entry.unknown(id) end
  return entry.manifest(current)
end

local function get_container_ip(call)
  local made_from = entry.get_private(own(call)).container
  return made_from and made_from.address
end

local function get_os_ip()
  local network = store.get('/private/network')
  return network and host.address(network.subnet, 0)
end

local EVENT = { eventId = t.string{ optional = true, nullable = true } }

local function effect(kind, fn, params)
  return kind(fn):with_params(copy.merged(EVENT, params)):no_cli()
end

local function quick(fn, params) return effect(rpc.from_fn, fn, params) end

local function slow(fn, params) return effect(rpc.from_fn_async, fn, params) end

local RESULTS = { 'success', 'loading', 'disabled', 'starting', 'waiting', 'failure' }

return rpc.parent():with_context('EffectContext')
  :subcommand('echo', quick(echo, { message = t.string }))
  :subcommand('git-info', quick(git_info))
  :subcommand('restart', slow(change(status.restart)))
  :subcommand('shutdown', slow(change(status.stop)))
  :subcommand('set-health', slow(set_health, {
    id = t.string{ min_length = 1, max_length = 256 },
    name = t.string{ max_length = 256 },
    result = t.enum(RESULTS),
    message = t.string{ optional = true, nullable = true, max_length = 65536 },
  }))
  :subcommand('set-init-progress', slow(set_init_progress, { progress = t.any }))
  :subcommand('set-backup-progress', slow(set_backup_progress, { progress = t.any }))
  :subcommand('get-data-version', slow(get_data_version))
  :subcommand('set-data-version', slow(set_data_version, {
    version = t.string{ optional = true, nullable = true, max_length = 256 },
  }))
  :subcommand('get-service-manifest', quick(get_service_manifest, {
    packageId = t.package_id{ optional = true },
  }))
  :subcommand('get-container-ip', quick(get_container_ip))
  :subcommand('get-os-ip', quick(get_os_ip))
  :subcommand('action', rpc.parent()
    :subcommand('export', slow(action_export, {
      id = t.string{ min_length = 1, max_length = 256 },
      metadata = t.object{ open = true, fields = { name = t.string } },
    }))
    :subcommand('clear', slow(action_clear, { except = t.array{ of = t.string } })))
  :subcommand('subcontainer', rpc.parent()
    :subcommand('create-fs', slow(create_fs, {
      imageId = t.string{ min_length = 1, max_length = 256 },
      name = t.string{ optional = true, nullable = true, max_length = 256 },
    }))
    :subcommand('destroy-fs', slow(destroy_fs, { guid = t.guid })))
