--- What an interrupted operation left behind is settled when the daemon starts, before anything is
--- supervised. Once per process: later generations find a settled system.
local container = require('service.container')
local entry = require('service.entry')
local file = require('engine.file')
local host = require('service.host')
local install = require('service.install')
local log = require('engine.log')
local state = require('engine.state')
local status = require('service.status')

local M = {}

local SETTLE = {}

--- A half-made installation is undone; the file can be installed again.
function SETTLE.installing(id, current)
  local info = current.stateInfo.installingInfo
  install.forget(id, info and info.keepData)
end

SETTLE.restoring = SETTLE.installing

--- A removal that was cut off is carried through.
function SETTLE.removing(id, current)
  install.forget(id, current.stateInfo.keepData)
end

--- The old version and its data come back.
function SETTLE.updating(id)
  install.roll_back(id)
end

--- A restore that did not get to its swap changed nothing; what it staged goes.
local function drop_staging(id)
  for _, suffix in ipairs({ '.restoring', '.before-restore' }) do
    local path = host.volumes_dir(id) .. suffix
    if suffix == '.before-restore' and file.exists(path) and not file.exists(host.volumes_dir(id))
    then
      file.rename(path, host.volumes_dir(id))
    else
      file.remove(path, { recursive = true })
    end
  end
end

local function settle(id)
  local current = entry.get(id)
  local settle_state = current and SETTLE[current.stateInfo.state]
  drop_staging(id)
  if settle_state then
    log.warn('service.' .. id, 'settling an interrupted operation', {
      state = current.stateInfo.state,
    })
    settle_state(id, current)
  elseif current then
    entry.update_status(id, status.backed_up)
  end
end

--- Removes package copies that were never finished or belong to nobody.
local function prune_archives()
  local wanted = {}
  for _, id in ipairs(entry.ids()) do
    local current = entry.get(id)
    wanted[current.s9pk] = true
  end
  for _, found in ipairs(file.list(host.data_dir() .. '/packages') or {}) do
    if not wanted[found.name] then
      file.remove(host.archive_path(found.name))
    end
  end
end

--- *async*
function M.run()
  if state.get('service.settled') then
    return
  end
  state.set('service.settled', true)
  for _, id in ipairs(entry.ids()) do
    local ok, err = pcall(settle, id)
    if not ok then
      log.error('service.' .. id, 'cannot settle: ' .. tostring(err))
    end
  end
  prune_archives()
  container.sweep()
  host.release()
end

return M
