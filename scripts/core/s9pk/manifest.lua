--- From an author's `package.lua` to the manifest of a package.
local archive = require('engine.archive')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local list = require('lib.list')
local module = require('engine.module')
local names = require('lib.names')

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

--- Images are built for the machine that packs, and for no other.
local function finish_image(id, image, arch)
  if type(image) ~= 'table' then
    return problem(("package.lua: images.%s must be a table"):format(id))
  end
  if type(image.arch) == 'table' and not list.contains(image.arch, arch) then
    return problem(('images.%s.arch does not list %s, the machine that packs'):format(id, arch),
      ("add '%s' to it, or pack on one of the machines listed"):format(arch))
  end
  image.source = 'packed'
  image.arch = json.array({ arch })
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

--- The manifest for a package packed on a machine of architecture `arch`.
---@param source table What `package.lua` returned
---@param arch string
---@param git_hash? string
---@return table? manifest
---@return engine.Error? err `pack`, `validate_s9pk` naming the field
function M.make(source, arch, git_hash)
  local fine, err = check_names(source)
  if not fine then return nil, err end
  local manifest = marked(source)
  if type(manifest.images) == 'table' then
    for _, id in ipairs(names.sorted_keys(manifest.images)) do
      fine, err = finish_image(id, manifest.images[id], arch)
      if not fine then return nil, err end
    end
    if next(manifest.images) ~= nil then
      manifest.hardwareRequirements = manifest.hardwareRequirements or {}
      manifest.hardwareRequirements.arch = json.array({ arch })
    end
  end
  without_metadata(manifest.dependencies)
  manifest.gitHash = git_hash
  local good, invalid = archive.check_manifest(manifest)
  if good then return manifest end
  return nil, errc.new(invalid.code, (invalid.message:gsub('^manifest%.json', 'package.lua')),
    { details = invalid.details })
end

return M
