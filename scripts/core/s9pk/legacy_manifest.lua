--- What the manifest of a version 1 package is in the words of version 2.
local errc = require('engine.errc')
local json = require('engine.json')
local names = require('lib.names')

local M = {}

-- The volume in which what runs such packages keeps its own state.
local OWN_VOLUME = 'embassy'

--- A member, or nil where it is null or there is none.
local function member(value, key)
  local found = type(value) == 'table' and value[key]
  if found == nil or found == false or found == json.null then return nil end
  return found
end

local function null_or(value) return value == nil and json.null or value end

--- `0.21.1.2` is the second packaging of 0.21.1.
local function version_of(text)
  local upstream, downstream = tostring(text):match('^(%d+%.%d+%.%d+)%.?(%d*)$')
  if upstream then return ('%s:%s'):format(upstream, downstream ~= '' and downstream or '0') end
  return nil, errc.new('validate_s9pk',
    ('the version of the package is "%s", which is none of version 1'):format(tostring(text)),
    { hint = 'three or four numbers joined by dots: 0.21.1.2',
      details = { stage = 'manifest', rule = 'manifest-field', path = 'manifest',
        field = 'version' } })
end

--- The values of an object, by key.
local function each(object)
  local out = {}
  for _, key in ipairs(type(object) == 'table' and names.sorted_keys(object) or {}) do
    out[#out + 1] = object[key]
  end
  return out
end

--- All that is run of a package.
local function procedures(old)
  local config, backup = member(old, 'config'), member(old, 'backup')
  local migrations = member(old, 'migrations')
  local found = {}
  local function add(procedure) found[#found + 1] = procedure end
  add(member(old, 'main'))
  add(member(config, 'get'))
  add(member(config, 'set'))
  add(member(old, 'properties'))
  add(member(backup, 'create'))
  add(member(backup, 'restore'))
  for _, way in ipairs({ 'to', 'from' }) do
    for _, procedure in ipairs(each(member(migrations, way))) do
      add(procedure)
    end
  end
  for _, action in ipairs(each(member(old, 'actions'))) do
    add(member(action, 'implementation'))
  end
  return found
end

---@class core.s9pk.LegacyImage
---@field id string
---@field system boolean It is one of the system's, not in the package
---@field tag string What it is called in the archives of the package, or in a registry

--- The images a package of version 1 runs, by id.
---@param old table Its manifest
---@return core.s9pk.LegacyImage[]
function M.images(old)
  local seen, out = {}, {}
  for _, procedure in ipairs(procedures(old)) do
    local id = member(procedure, 'type') == 'docker' and tostring(procedure.image)
    if id and not seen[id] then
      local system = member(procedure, 'system') == true
      seen[id] = true
      out[#out + 1] = { id = id, system = system,
        tag = system and ('start9/%s:latest'):format(id)
          or ('start9/%s/%s:%s'):format(tostring(old.id), id, tostring(old.version)) }
    end
  end
  table.sort(out, function(a, b) return a.id < b.id end)
  return out
end

local function volumes(old)
  local out = {}
  local all = member(old, 'volumes') or {}
  for _, id in ipairs(names.sorted_keys(all)) do
    if member(all[id], 'type') == 'data' and id ~= OWN_VOLUME then out[#out + 1] = id end
  end
  out[#out + 1] = OWN_VOLUME
  return json.array(out)
end

local function dependencies(old)
  local out = {}
  for id, info in pairs(member(old, 'dependencies') or {}) do
    out[id] = { description = null_or(member(info, 'description')),
      optional = member(member(info, 'requirement'), 'type') ~= 'required' }
  end
  return out
end

local function hardware(old, archs)
  local wanted = member(old, 'hardware-requirements')
  local filters, devices = {}, member(wanted, 'device') or {}
  for i, class in ipairs(names.sorted_keys(devices)) do
    filters[i] = { class = class, product = devices[class], vendor = json.null,
      description = ('a %s device matching the expression %s'):format(class,
        tostring(devices[class])) }
  end
  return { device = json.array(filters), ram = null_or(member(wanted, 'ram')),
    arch = json.array(archs) }
end

local function declared(old, archs)
  local out = {}
  for _, image in ipairs(M.images(old)) do
    out[image.id] = { source = 'packed', arch = json.array(archs), emulateMissingAs = json.null,
      nvidiaContainer = false }
  end
  return out
end

--- Of those there are images for, the architectures the package says it is for.
---@param old table
---@param available string[]
---@return string[]
function M.archs(old, available)
  local named = member(member(old, 'hardware-requirements'), 'arch')
  if not named then return available end
  local out = {}
  for _, arch in ipairs(available) do
    for _, other in ipairs(named) do
      if arch == other then out[#out + 1] = arch end
    end
  end
  return out
end

--- The extension its icon is stored with.
---@param old table
---@return string
function M.icon_extension(old)
  local name = member(member(old, 'assets'), 'icon')
  return (type(name) == 'string' and name:match('%.(%w+)$') or 'png'):lower()
end

--- The manifest of the converted package. What version 1 says and version 2 has no place for
--- (alerts, health checks, actions) stays in `embassyManifest.json`.
---@param old table
---@param archs string[] Those it has images for
---@return table? manifest
---@return engine.Error? err `validate_s9pk`
function M.translate(old, archs)
  local version, err = version_of(old.version)
  if not version then return nil, err end
  local main = member(old, 'main')
  return {
    id = old.id, version = version, canMigrateFrom = '*', canMigrateTo = '!',
    title = ('%s (Legacy)'):format(tostring(old.title)), description = old.description,
    releaseNotes = old['release-notes'], gitHash = null_or(member(old, 'git-hash')),
    license = old.license, packageRepo = member(old, 'wrapper-repo'),
    upstreamRepo = old['upstream-repo'],
    marketingUrl = null_or(member(old, 'marketing-site') or member(old, 'upstream-repo')),
    donationUrl = null_or(member(old, 'donation-url')), osVersion = member(old, 'eos-version'),
    sdkVersion = json.null, satisfies = json.array({}), plugins = json.array({}),
    hardwareAcceleration = member(main, 'type') == 'docker'
      and member(main, 'gpu-acceleration') == true,
    images = declared(old, archs), volumes = volumes(old), dependencies = dependencies(old),
    hardwareRequirements = hardware(old, archs),
  }
end

return M
