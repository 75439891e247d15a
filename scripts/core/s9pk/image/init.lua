--- Root file systems of a package, built from the recipes in its `images/` folder.
---
--- A recipe `images/ID.lua` returns a table:
---
---     return {
---       from = { archive = 'alpine.tar' },  -- or folder, debian, docker, command; or nothing
---       busybox = true,                     -- with all its applets, or { 'sh', 'httpd' }
---       directories = { '/data' },
---       files = { ['/etc/motd'] = 'hello\n' },
---       links = { ['/bin/serve'] = 'httpd' },
---       workdir = '/', user = 'root', entrypoint = { … }, cmd = { … }, env = { LANG = 'C' },
---     }
---
--- A folder `images/ID/` is copied over what `from` gives; with it the recipe may be left out.
local base = require('core.s9pk.image.base')
local busybox = require('core.s9pk.image.busybox')
local copy = require('lib.copy')
local file = require('engine.file')
local json = require('engine.json')
local names = require('lib.names')
local root_of = require('core.s9pk.image.root')
local squashfs = require('core.s9pk.squashfs')
local tool = require('core.s9pk.image.tool')

local M = {}

-- What every root needs: mount points of a container, and places programs expect.
local SKELETON = { 'bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var' }
local STICKY = 1023

local function add_skeleton(root)
  for _, name in ipairs(SKELETON) do
    local fine, err = root_of.mkdir(root, name)
    if not fine then return nil, err end
  end
  return root_of.mkdir(root, 'tmp', STICKY)
end

local function add_members(root, recipe)
  local directories = {}
  for _, path in ipairs(recipe.directories or {}) do
    directories[path] = path
  end
  local fine, err = root_of.each(root, directories,
    function(_, path) return root_of.mkdir(root, path) end)
  if fine then
    fine, err = root_of.each(root, recipe.files, root_of.write)
  end
  if fine then
    fine, err = root_of.each(root, recipe.links, root_of.symlink)
  end
  return fine, err
end

--- What the author adds to where the root began.
local function complete(root, folder, recipe, arch)
  local fine, err = add_skeleton(root)
  if fine and file.exists(folder) then
    fine, err = root_of.add_folder(root, folder)
  end
  if fine and recipe.busybox then
    fine, err = busybox.add(root, recipe.busybox, arch)
  end
  if not fine then return nil, err end
  return add_members(root, recipe)
end

--- The root and what its source says of itself.
local function build_root(job, recipe)
  local defaults, err = {}, nil
  if recipe.from then
    defaults, err = base.make(recipe.from, job)
  else
    local fine, wrong = file.mkdir(job.root)
    if not fine then return nil, wrong end
  end
  if not defaults then return nil, err end
  local fine, wrong = complete(job.root, ('%s/images/%s'):format(job.directory, job.id),
    recipe, job.arch)
  if not fine then return nil, wrong end
  return defaults
end

local function environment(defaults, recipe)
  local env, lines = copy.merged(defaults.env or {}, recipe.env), {}
  for i, name in ipairs(names.sorted_keys(env)) do
    lines[i] = ('%s=%s'):format(name, env[name])
  end
  return table.concat(lines, '\n')
end

local function words(list)
  if not list then return json.null end
  return json.array(list)
end

-- A program of the recipe does not take over the arguments of the one it replaces.
local function program(defaults, recipe)
  local entrypoint = recipe.entrypoint or defaults.entrypoint
  local cmd = recipe.cmd or (not recipe.entrypoint and defaults.cmd) or nil
  return words(entrypoint), words(cmd)
end

local function entries_of(base_path, image, defaults, recipe)
  local entrypoint, cmd = program(defaults, recipe)
  return {
    { path = base_path .. '.squashfs', file = image },
    { path = base_path .. '.env', data = environment(defaults, recipe) },
    { path = base_path .. '.json', data = json.encode({
      workdir = recipe.workdir or defaults.workdir or '/',
      user = recipe.user or defaults.user or 'root', entrypoint = entrypoint, cmd = cmd,
    }) },
  }
end

---@class core.s9pk.image.Order What is to be built
---@field directory string Of the package
---@field id string
---@field arch string
---@field work string A folder to build in
---@field recipe table

--- Builds one image and gives the entries it adds to the package. *async*
---@param order core.s9pk.image.Order
---@return engine.archive.NewEntry[]? entries
---@return engine.Error? err
---@async
function M.build(order)
  local recipe, place = order.recipe, ('%s/%s-%s'):format(order.work, order.id, order.arch)
  local job = { directory = order.directory, id = order.id, arch = order.arch, work = order.work,
    root = place .. '-root' }
  local defaults, wrong = build_root(job, recipe)
  if not defaults then return nil, wrong end
  local image = place .. '.squashfs'
  -- Users of the packer's machine mean nothing to others; those of an image do.
  local owned = recipe.from ~= nil and not recipe.from.folder and tool.is_root()
  local fine, failure = squashfs.make(job.root, image, { keep_owners = owned })
  if not fine then return nil, failure end
  return entries_of(M.path(order.arch, order.id), image, defaults, recipe)
end

--- Where an image lies in a package, without the extension of its three files.
---@param arch string
---@param id string
---@return string
function M.path(arch, id) return ('images/%s/%s'):format(arch, id) end

return M
