--- Root file systems of a package, built from the recipes in its `images/` folder.
---
--- A recipe `images/ID.lua` returns a table:
---
---     return {
---       busybox = true,                     -- with all its applets, or { 'sh', 'httpd' }
---       directories = { '/data' },
---       files = { ['/etc/motd'] = 'hello\n' },
---       links = { ['/bin/serve'] = 'httpd' },
---       workdir = '/', user = 'root', entrypoint = { … }, cmd = { … }, env = { LANG = 'C' },
---     }
---
--- A folder `images/ID/` is copied into the root before; with it the recipe may be left out.
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local module = require('engine.module')
local names = require('lib.names')
local process = require('engine.process')
local squashfs = require('core.s9pk.squashfs')

local M = {}

local FIELDS = { busybox = 'any', files = 'table', directories = 'table', links = 'table',
  workdir = 'string', user = 'string', entrypoint = 'table', cmd = 'table', env = 'table' }

-- What every root needs: mount points of a container, and places programs expect.
local SKELETON = { 'bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var' }

local BUSYBOX = { '/bin/busybox', '/usr/bin/busybox' }

local function problem(message, hint) return nil, errc.new('pack', message, { hint = hint }) end

local function check(recipe, name)
  if type(recipe) ~= 'table' then return problem(name .. ' must return a table') end
  for key, value in pairs(recipe) do
    if not FIELDS[key] then
      return problem(("%s: unknown field '%s'"):format(name, tostring(key)),
        'known fields: ' .. table.concat(names.sorted_keys(FIELDS), ', '))
    end
    if FIELDS[key] ~= 'any' and type(value) ~= FIELDS[key] then
      return problem(("%s: '%s' must be a %s"):format(name, key, FIELDS[key]))
    end
  end
  return recipe
end

local function read_recipe(directory, id)
  local name = ('images/%s.lua'):format(id)
  local text, err = file.read(directory .. '/' .. name)
  if not text then
    if err.code ~= 'not_found' then return nil, err end
    if file.exists(('%s/images/%s'):format(directory, id)) then return {} end
    return problem(("the image '%s' has no recipe"):format(id),
      ('write %s, or put its files into images/%s/'):format(name, id))
  end
  local chunk, wrong = module.eval(text, {}, name)
  if not chunk then return nil, wrong end
  local fine, recipe = pcall(chunk)
  if not fine then return nil, errc.new('script', tostring(recipe)) end
  return check(recipe, name)
end

--- A path of the recipe below the root; never outside of it.
local function inside(root, path)
  local parts = {}
  for part in path:gmatch('[^/]+') do
    if part == '..' then return problem(("'%s' leaves the image"):format(path)) end
    if part ~= '.' then parts[#parts + 1] = part end
  end
  return root .. '/' .. table.concat(parts, '/')
end

local function find_busybox()
  for _, path in ipairs(BUSYBOX) do
    if file.exists(path) then return path end
  end
  return problem('busybox is not installed', 'apt-get install busybox-static')
end

local function applets_of(path, wanted)
  if type(wanted) == 'table' then return wanted end
  local listed, err = process.run({ path, '--list' })
  if not listed then return nil, err end
  local applets = {}
  for name in listed.out:gmatch('[^\n]+') do
    if name ~= 'busybox' then applets[#applets + 1] = name end
  end
  return applets
end

local function add_busybox(root, wanted)
  local path, err = find_busybox()
  if not path then return nil, err end
  local applets, wrong = applets_of(path, wanted)
  if not applets then return nil, wrong end
  local copied, failure = process.run({ 'cp', '--', path, root .. '/bin/busybox' })
  if not copied then return nil, failure end
  if copied.code ~= 0 then return problem('copying busybox: ' .. copied.err) end
  file.chmod(root .. '/bin/busybox', 493)
  for _, applet in ipairs(applets) do
    local link = ('%s/bin/%s'):format(root, applet)
    if not file.exists(link) then
      local fine, unlinked = file.symlink('busybox', link)
      if not fine then return nil, unlinked end
    end
  end
  return true
end

--- Calls `make(path below the root, value)` for every member, in the order of the names.
local function each(root, members, make)
  for _, name in ipairs(names.sorted_keys(members or {})) do
    local path, err = inside(root, name)
    if not path then return nil, err end
    local parent, wrong = file.mkdir(path:match('^(.*)/'))
    if not parent then return nil, wrong end
    local fine, failure = make(path, members[name])
    if not fine then return nil, failure end
  end
  return true
end

local function write_file(path, content)
  if type(content) ~= 'string' then
    return problem(('files: the content of %s must be a text'):format(path:match('[^/]+$')))
  end
  return file.write(path, content)
end

local function add_members(root, recipe)
  for _, name in ipairs(recipe.directories or {}) do
    local path, err = inside(root, name)
    if not path then return nil, err end
    local fine, wrong = file.mkdir(path)
    if not fine then return nil, wrong end
  end
  local fine, err = each(root, recipe.files, write_file)
  if not fine then return nil, err end
  return each(root, recipe.links, function(path, target) return file.symlink(target, path) end)
end

local function build_root(folder, recipe, root)
  if file.exists(folder) then
    local copied, wrong = file.copy_tree(folder, root)
    if not copied then return nil, wrong end
  end
  for _, name in ipairs(SKELETON) do
    local fine, err = file.mkdir(root .. '/' .. name)
    if not fine then return nil, err end
  end
  file.chmod(root .. '/tmp', 1023)
  if recipe.busybox then
    local fine, err = add_busybox(root, recipe.busybox)
    if not fine then return nil, err end
  end
  return add_members(root, recipe)
end

local function environment(recipe)
  local lines = {}
  for i, name in ipairs(names.sorted_keys(recipe.env or {})) do
    lines[i] = ('%s=%s'):format(name, recipe.env[name])
  end
  return table.concat(lines, '\n')
end

local function words(list)
  if not list then return json.null end
  return json.array(list)
end

--- Builds one image and gives the entries it adds to the package. *async*
---@param directory string Of the package
---@param id string
---@param arch string
---@param work string A directory to build in
---@return engine.archive.NewEntry[]? entries
---@return engine.Error? err
---@async
function M.build(directory, id, arch, work)
  local recipe, err = read_recipe(directory, id)
  if not recipe then return nil, err end
  local root, image = ('%s/root-%s'):format(work, id), ('%s/%s.squashfs'):format(work, id)
  local fine, wrong = file.mkdir(root)
  if not fine then return nil, wrong end
  fine, wrong = build_root(('%s/images/%s'):format(directory, id), recipe, root)
  if not fine then return nil, wrong end
  fine, wrong = squashfs.make(root, image)
  if not fine then return nil, wrong end
  local base = ('images/%s/%s'):format(arch, id)
  return {
    { path = base .. '.squashfs', file = image },
    { path = base .. '.env', data = environment(recipe) },
    { path = base .. '.json', data = json.encode({
      workdir = recipe.workdir or '/', user = recipe.user or 'root',
      entrypoint = words(recipe.entrypoint), cmd = words(recipe.cmd),
    }) },
  }
end

return M
