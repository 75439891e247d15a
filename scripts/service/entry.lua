--- The store entry of a package: where it lies and how it is changed.
---
--- `/public/packageData/<id>` is what clients see; `/private/packages/<id>` is ours: slot, address,
--- and what the running container was made from.
local pointer = require('lib.pointer')
local status = require('service.status')
local store = require('engine.store')

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
  return (store.get(M.public(id)))
end

--- What is recorded for us alone, or an empty table.
---@param id string
---@return table
function M.get_private(id)
  return (store.get(M.private(id))) or {}
end

--- Ids of all packages, in byte order.
---@return string[]
function M.ids()
  local snapshot = store.peek()
  local ids = snapshot:keys('/public/packageData') or {}
  snapshot:close()
  table.sort(ids)
  return ids
end

--- The manifest in force, or nil.
function M.manifest(entry)
  local info = entry.stateInfo
  return info.manifest or (info.installingInfo and info.installingInfo.newManifest)
end

--- Replaces the run status by what `change` makes of it. A package that is gone stays gone.
--- *async*
---@param id string
---@param change fun(current: service.Status): service.Status
---@return true? ok
---@return engine.Error? err
function M.update_status(id, change)
  local at = M.public(id, 'statusInfo')
  return store.mutate(function(db)
    local current = db:get(at)
    if not current then
      return false
    end
    db:put(at, change(current))
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
