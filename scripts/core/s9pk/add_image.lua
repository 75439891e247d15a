--- `moon-cli s9pk edit FILE add-image ID`: a package gets an image, or another one in its place.
local errc = require('engine.errc')
local file = require('engine.file')
local image = require('core.s9pk.image')
local json = require('engine.json')
local list = require('lib.list')
local names = require('lib.names')
local recipe_of = require('core.s9pk.image.recipe')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local tool = require('core.s9pk.image.tool')
local t = rpc.types

local M = {}

local EXTENSIONS = { 'squashfs', 'json', 'env' }

--- The parameters of this operation, besides `from`.
M.PARAMS = {
  dockerBuild = t.flag{ conflicts_with = { 'dockerTag', 'from' },
    help = 'help.arg.image-docker-build' },
  dockerfile = t.optional(t.path{ requires = 'dockerBuild', help = 'help.arg.image-dockerfile' }),
  workdir = t.optional(t.path{ requires = 'dockerBuild', help = 'help.arg.image-workdir' }),
  dockerTag = t.optional(t.string{ conflicts_with = { 'dockerBuild', 'from' },
    help = 'help.arg.image-docker-tag' }),
  arch = t.array{ of = t.enum{ 'x86_64', 'aarch64', 'riscv64' }, default = {},
    help = 'help.arg.image-arch' },
  emulateMissingAs = t.optional(t.enum{ 'x86_64', 'aarch64', 'riscv64',
    help = 'help.arg.image-emulate' }),
  nvidiaContainer = t.flag{ help = 'help.arg.image-nvidia' },
}

--- The options that say something to this operation alone.
---@param params table
---@return string? option One that was given
function M.given(params)
  for _, name in ipairs(names.sorted_keys(M.PARAMS)) do
    local value = params[name]
    if value and (type(value) ~= 'table' or #value > 0) then return name end
  end
  return nil
end

--- A recipe in a package's images/ means that package's folder; another one the folder it is in.
local function from_recipe_file(path)
  local directory = path:match('^(.*)/images/[^/]+$') or path:match('^(.*)/[^/]+$')
  return { directory = directory, recipe = function(arch)
    local text, err = file.read(path)
    if not text then return nil, err end
    return recipe_of.parse(text, path:match('[^/]+$'), arch)
  end }
end

local function from_path(path)
  local status = file.stat(path, { follow = true })
  if not status then
    return nil, errc.new('not_found', ('--from: there is no %s'):format(path))
  end
  if status.type == 'file' and path:find('%.lua$') then return from_recipe_file(path) end
  local plain = status.type == 'directory' and not file.exists(path .. '/oci-layout')
  return { directory = path, recipe = function()
    return { from = plain and { folder = path } or { archive = path } }
  end }
end

local function from_docker(params)
  local workdir = params.workdir or os.getenv('PWD')
  return { directory = workdir, recipe = function()
    if params.dockerTag then return { from = { docker = { tag = params.dockerTag } } } end
    return { from = { docker = { build = workdir, dockerfile = params.dockerfile } } }
  end }
end

--- Where the image comes from: a folder and a function that gives the recipe for an architecture.
local function beginning(params)
  if params.dockerBuild or params.dockerTag then return from_docker(params) end
  if params.from then return from_path(params.from) end
  return source.usage('nobody knows what the image is made of',
    'name it with --from FOLDER, ARCHIVE or RECIPE.lua, --docker-tag TAG, or --docker-build')
end

--- What was asked for; or what the package is for; or this machine. *async*
local function archs_of(manifest, params)
  if #params.arch > 0 then return params.arch end
  local required = manifest.hardwareRequirements and manifest.hardwareRequirements.arch
  if type(required) == 'table' and #required > 0 then
    if not params.emulateMissingAs then return required end
    return { params.emulateMissingAs }
  end
  local arch, err = tool.machine()
  return arch and { arch }, err
end

--- The files an image of this name has in the package already. *async*
local function old_files(package, id)
  local entries, err = package:list()
  if not entries then return nil, err end
  local wanted, found = {}, {}
  for _, extension in ipairs(EXTENSIONS) do
    wanted[('%s.%s'):format(id, extension)] = true
  end
  for _, entry in ipairs(entries) do
    local name = entry.path:match('^images/[^/]+/([^/]+)$')
    if name and wanted[name] then found[#found + 1] = entry.path end
  end
  return found
end

local function build_all(call, params, archs, work)
  local place, err = beginning(params)
  if not place then return nil, err end
  local entries = {}
  for _, arch in ipairs(archs) do
    call.ctx.progress(('building the image %s for %s'):format(params.subject, arch))
    local recipe, wrong = place.recipe(arch)
    if not recipe then return nil, wrong end
    local more, failure = image.build({ directory = place.directory, id = params.subject,
      arch = arch, work = work, recipe = recipe })
    if not more then return nil, failure end
    list.append(entries, more)
  end
  return entries
end

local function declare(manifest, params, archs)
  manifest.images = manifest.images or {}
  manifest.images[params.subject] = { source = 'packed', arch = json.array(archs),
    emulateMissingAs = params.emulateMissingAs or json.null,
    nvidiaContainer = params.nvidiaContainer }
end

--- Builds the image and gives the change to the package; `work` must live until it is written.
--- *async*
---@param call table
---@param package engine.archive.Package
---@param params table
---@param work string
---@return core.s9pk.Change? change
---@return engine.Error? err
---@async
function M.run(call, package, params, work)
  local manifest, err = package:manifest()
  if not manifest then return nil, err end
  local archs, unknown = archs_of(manifest, params)
  if not archs then return nil, unknown end
  declare(manifest, params, archs)
  local old, wrong = old_files(package, params.subject)
  if not old then return nil, wrong end
  local entries, failure = build_all(call, params, archs, work)
  call.ctx.progress(nil)
  if not entries then return nil, failure end
  return { manifest = manifest, entries = entries, remove = old, complete = true }
end

return M
