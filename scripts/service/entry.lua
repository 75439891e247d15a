--- The store entry of a package: where it lies and how it is changed.
---
--- `/public/packageData/<id>` is what clients see; `/private/packages/<id>` is ours: slot, address,
--- and what the running container was made from.
local pointer = require('lib.pointer')
local status = require('service.status')
local engine = require('engine.store')
local store = require('store')

local M = {}

---@param id string
---@return string pointer
function M.public(id, ...)
  return pointer.join('public', 'packageData', id, ...)
end

---@param id string
---@return string pointer
function M.private(id, ...)
  return pointer.join('private', 'packages', id, ...)
end

--- The whole public entry, or nil.
---@param id string
---@return table? entry
function M.get(id)
  return (engine.get(M.public(id)))
end

--- What is recorded for us alone, or an empty table.
---@param id string
---@return table
function M.get_private(id)
  return (engine.get(M.private(id))) or {}
end

--- Ids of all packages, in byte order.
---@return string[]
function M.ids()
  return store.peek(function(db)
    return db.public.packageData:keys()
  end)
end

--- The manifest in force, or nil.
function M.manifest(entry)
  local info = entry.stateInfo
  return info.manifest or (info.installingInfo and info.installingInfo.newManifest)
end

--- Changes the entry of a package; `not_found` when it is gone. *async*
---@param id string
---@param change fun(entry: store.model.PackageDataEntry): any, engine.Error?
---@param opts? engine.store.Options
---@return any result What `change` returned; `true` if nothing
---@return engine.store.Outcome|engine.Error outcome
function M.change(id, change, opts)
  return store.mutate(function(db)
    local entry = db.public.packageData:as_idx(id)
    if not entry then
      return nil, M.unknown(id)
    end
    return change(entry)
  end, opts)
end

--- Changes what is recorded for us alone. *async*
---@param id string
---@param change fun(record: store.model.PackageRecord)
---@return true? ok
---@return engine.Error? err
function M.change_private(id, change)
  return store.mutate(function(db)
    change(db.private.packages:upsert(id, function()
      return {}
    end))
  end)
end

--- Makes it the state of a package. *async*
---@param id string
---@param state store.PackageState
---@return true? ok
---@return engine.Error? err
function M.set_state(id, state)
  return M.change(id, function(entry)
    entry.stateInfo:ser(state)
  end)
end

local INSTALLING = { installing = true, restoring = true, updating = true }

--- The model of what is being installed; nil when nothing is.
---@param entry store.model.PackageDataEntry
---@return store.model.InstallingInfo?
function M.installing(entry)
  local state, model = entry.stateInfo:match()
  return INSTALLING[state] and model.installingInfo or nil
end

--- Replaces the run status by what `change` makes of it. A package that is gone stays gone.
--- *async*
---@param id string
---@param change fun(current: service.Status): service.Status
---@return boolean? there
---@return engine.Error? err
function M.update_status(id, change)
  return store.mutate(function(db)
    local entry = db.public.packageData:as_idx(id)
    if not entry then
      return false
    end
    entry.statusInfo:mutate(change)
    return true
  end)
end

--- Records why a package is down. Health and `started` go with it. *async*
---@param id string
---@param err engine.Error
function M.set_error(id, err)
  return M.update_status(id, function(current)
    local next_status = status.stopped(current)
    next_status.error = {
      kind = err.code,
      message = err.message,
      details = err.details,
    }
    return next_status
  end)
end

--- The `not_found` of a package that is not installed.
function M.unknown(id)
  return {
    code = 'not_found',
    message = ('no package %q is installed'):format(id),
    hint = 'moon-cli package list shows what is',
  }
end

return M
