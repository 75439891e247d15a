--- The version the data of a package fits: a text beside its volumes, an exact version or a range.
local exver = require('lib.exver')
local file = require('engine.file')
local host = require('service.host')

local M = {}

local function path(id) return host.data_root(id) .. '/.version' end

--- Nil where there is no data yet.
---@param id string
---@return string? version
---@return engine.Error? err
function M.read(id)
  local text, err = file.read(path(id))
  if text then return text end
  if err.code == 'not_found' then return nil end
  return nil, err
end

---@param id string
---@param version? string Nil: there is no data any more
---@return true? ok
---@return engine.Error? err `parse_version` for what is neither a version nor a range
function M.write(id, version)
  if version == nil then
    local removed, err = file.remove(path(id))
    if not removed and err.code ~= 'not_found' then return nil, err end
    return true
  end
  if not exver.version(version) then
    local range, err = exver.range(version)
    if not range then return nil, err end
  end
  return file.write(path(id), version, 384)
end

--- Whether data that fits `data` is data the range `from` accepts.
local function accepted(data, from)
  if exver.version(data) then return exver.satisfies(data, from) end
  return exver.intersects(data, from)
end

local function no_way(data, old, new)
  return nil, {
    code = 'version_incompatible',
    message = ('%s %s cannot follow %s: the data fits %s, the new version takes data of %s, and '
      .. 'the old one can leave it for %s'):format(new.id, new.version, old.version, data,
      new.canMigrateFrom, old.canMigrateTo),
    hint = 'install a version in between, or uninstall it with its data first',
  }
end

--- What the old version is to leave the data for when the new one takes its place.
---@param data? string The version the data fits
---@param old table manifest
---@param new table manifest
---@return string? target A version or a range
---@return engine.Error? err `version_incompatible` when there is no way from one to the other
function M.target(data, old, new)
  if not data then return old.version end
  local same = exver.compare(data, new.version) == 0
  if same or accepted(data, new.canMigrateFrom) then return data end
  if exver.satisfies(new.version, old.canMigrateTo) then return new.version end
  local both = exver.normalize(exver.all_of({ exver.range(old.canMigrateTo),
    (exver.range(new.canMigrateFrom)) }))
  if not both or both.kind == 'none' then return no_way(data, old, new) end
  return exver.print(both)
end

return M
