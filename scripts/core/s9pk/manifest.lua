--- From an author's `package.lua` to the manifest of a package.
local archive = require('engine.archive')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local list = require('lib.list')
local module = require('engine.module')
local names = require('lib.names')
local tool = require('core.s9pk.image.tool')

local M = {}

-- What an author may write; the rules of each field are the engine's.
local KNOWN = {
  id = true, version = true, canMigrateTo = true, canMigrateFrom = true, title = true,
  description = true, releaseNotes = true, license = true, packageRepo = true,
  upstreamRepo = true, marketingUrl = true, donationUrl = true, osVersion = true,
  sdkVersion = true, hardwareAcceleration = true, userspaceFilesystems = true,
  virtualNetworking = true, plugins = true, satisfies = true, images = true, volumes = true,
  dependencies = true, hardwareRequirements = true,
}

-- Members that are arrays even when they are empty, which Lua cannot tell.
local LISTS = { plugins = true, satisfies = true, volumes = true, arch = true, device = true,
  capabilities = true }

local function problem(message, hint) return nil, errc.new('pack', message, { hint = hint }) end

--- A copy in which empty lists are lists.
local function marked(value)
  if type(value) ~= 'table' then return value end
  local out = {}
  for key, member in pairs(value) do
    local copy = marked(member)
    if LISTS[key] and type(copy) == 'table' then json.array(copy) end
    out[key] = copy
  end
  return out
end

--- Runs `package.lua` with nothing but plain Lua in reach. *async*
---@param directory string
---@return table? source
---@return engine.Error? err `pack`, `script`
---@async
function M.read(directory)
  local text, err = file.read(directory .. '/package.lua')
  if not text then
    if err.code ~= 'not_found' then return nil, err end
    return problem(('%s is no package folder: it has no package.lua'):format(directory),
      'begin one with: moon-cli s9pk init DIR')
  end
  local plain = { ipairs = ipairs, pairs = pairs, string = string, table = table, math = math,
    tostring = tostring, tonumber = tonumber, type = type }
  local chunk, wrong = module.eval(text, plain, 'package.lua')
  if not chunk then return nil, wrong end
  local fine, source = pcall(chunk)
  if not fine then return nil, errc.new('script', tostring(source)) end
  if type(source) ~= 'table' then
    return problem('package.lua must return a table', "end it with: return { id = '…', … }")
  end
  return source
end

--- Those of `wanted` that are in `allowed`, in the order of `wanted`; all of them without a list.
local function common(wanted, allowed)
  local out = json.array()
  for _, value in ipairs(wanted) do
    if type(allowed) ~= 'table' or list.contains(allowed, value) then out[#out + 1] = value end
  end
  return out
end

--- What packages are packed for: what was asked for and the hardware requirements allow.
local function choose_archs(manifest, target)
  local required = type(manifest.hardwareRequirements) == 'table'
    and manifest.hardwareRequirements.arch
  local archs = common(target.archs, required)
  if #archs > 0 then return archs end
  return problem(('hardwareRequirements.arch does not allow %s%s'):format(
    table.concat(target.archs, ', '), target.asked and '' or ', the machine that packs'),
    ('it allows %s: choose with --arch'):format(table.concat(required, ', ')))
end

--- An image is narrowed to what is packed; where it is emulated, to what stands in.
local function finish_image(id, image, archs, asked)
  if type(image) ~= 'table' then
    return problem(("package.lua: images.%s must be a table"):format(id))
  end
  local kept = common(archs, image.arch)
  local emulated = image.emulateMissingAs
  if type(image.arch) == 'table' and #kept < #archs and not emulated then
    for _, arch in ipairs(archs) do
      if not list.contains(kept, arch) then
        return problem(('images.%s.arch does not list %s%s'):format(id, arch,
          asked and '' or ', the machine that packs'),
          ("add '%s' to it, set emulateMissingAs, or choose others with --arch"):format(arch))
      end
    end
  end
  if #kept < #archs and emulated and not list.contains(kept, emulated) then
    kept[#kept + 1] = emulated
  end
  image.source = 'packed'
  image.arch = kept
  return true
end

--- Title and icon of dependencies become files of the package.
local function without_metadata(dependencies)
  for _, info in pairs(type(dependencies) == 'table' and dependencies or {}) do
    if type(info) == 'table' then info.metadata, info.s9pk = nil, nil end
  end
end

local function check_names(source)
  for key in pairs(source) do
    if not KNOWN[key] then
      return problem(("package.lua: there is no field '%s'"):format(tostring(key)),
        'the fields are ' .. table.concat(names.sorted_keys(KNOWN), ', '))
    end
  end
  return true
end

local function finish_images(manifest, archs, asked)
  local images = type(manifest.images) == 'table' and manifest.images or {}
  for _, id in ipairs(names.sorted_keys(images)) do
    local fine, err = finish_image(id, images[id], archs, asked)
    if not fine then return nil, err end
  end
  if asked or next(images) ~= nil then
    manifest.hardwareRequirements = manifest.hardwareRequirements or {}
    manifest.hardwareRequirements.arch = archs
  end
  return true
end

---@class core.s9pk.Target
---@field archs string[] At least one
---@field asked boolean They were asked for; else it is the machine that packs

--- What is packed for: the architectures asked for, or this machine's. *async*
---@param archs? string[]
---@return core.s9pk.Target? target
---@return engine.Error? err `pack`
---@async
function M.target(archs)
  if archs and #archs > 0 then return { archs = archs, asked = true } end
  local arch, err = tool.machine()
  if not arch then return nil, err end
  return { archs = { arch }, asked = false }
end

--- The manifest of a package packed for a target.
---@param source table What `package.lua` returned
---@param target core.s9pk.Target
---@param git_hash? string
---@return table? manifest
---@return engine.Error? err `pack`, `validate_s9pk` naming the field
function M.make(source, target, git_hash)
  local fine, err = check_names(source)
  if not fine then return nil, err end
  local manifest = marked(source)
  local archs, refused = choose_archs(manifest, target)
  if not archs then return nil, refused end
  fine, err = finish_images(manifest, archs, target.asked)
  if not fine then return nil, err end
  without_metadata(manifest.dependencies)
  manifest.gitHash = git_hash
  local good, invalid = archive.check_manifest(manifest)
  if good then return manifest end
  return nil, errc.new(invalid.code, (invalid.message:gsub('^manifest%.json', 'package.lua')),
    { details = invalid.details })
end

return M
