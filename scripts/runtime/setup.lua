--- What happens around a package's own `init`: restoring the data, exporting the actions, keeping
--- the data version.
local M = {}

local function restore(exports, effects)
  local backup = exports.create_backup
  if type(backup) ~= 'table' or not backup.restore then return true end
  return backup:restore({ effects = effects })
end

local function run_own(exports, effects, kind)
  if not exports.init then return true end
  local _, err = exports.init({ effects = effects, kind = kind })
  if err then return nil, err end
  return true
end

local function export_actions(exports, effects)
  local ids = {}
  for _, action in ipairs(exports.actions and exports.actions:all() or {}) do
    local metadata, problem = action:metadata({ effects = effects })
    if not metadata then return nil, problem end
    local _, err = effects.action.export({ id = action.id, metadata = metadata })
    if err then return nil, err end
    ids[#ids + 1] = action.id
  end
  local _, err = effects.action.clear({ except = require('engine.json').array(ids) })
  if err then return nil, err end
  return true
end

local function own_version(exports, effects)
  if exports.manifest then return exports.manifest.version end
  local manifest, err = effects.get_service_manifest({ packageId = os.getenv('MOONBOX_PACKAGE') })
  if not manifest and err then return nil, err end
  return manifest and manifest.version
end

-- A load of what is there already (kind nil) must not touch the version of the data.
local function keep_version(exports, effects, kind)
  if not kind then return true end
  local version, unknown = own_version(exports, effects)
  if not version then return unknown == nil, unknown end
  local _, err = effects.set_data_version({ version = version })
  if err then return nil, err end
  return true
end

--- Runs all of it in order. *async*
---@param exports table
---@param effects table
---@param kind 'install'|'update'|'restore'|nil
---@return true? ok
---@return engine.Error? err
function M.init(exports, effects, kind)
  if kind == 'restore' then
    local restored, err = restore(exports, effects)
    if not restored then return nil, err end
  end
  for _, step in ipairs({ run_own, export_actions, keep_version }) do
    local ok, err = step(exports, effects, kind)
    if not ok then return nil, err end
  end
  return true
end

return M
