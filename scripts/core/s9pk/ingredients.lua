--- `moon-cli s9pk list-ingredients`: the files a package is packed from, wherever they lie, as the
--- prerequisites of a rule of make.
local busybox = require('core.s9pk.image.busybox')
local file = require('engine.file')
local folder_of = require('core.s9pk.folder')
local manifest_of = require('core.s9pk.manifest')
local names = require('lib.names')
local recipe_of = require('core.s9pk.image.recipe')
local rpc = require('lib.rpc')
local tool = require('core.s9pk.image.tool')
local t = rpc.types

local function here() return os.getenv('PWD') or '' end

--- An absolute path without `.` and `..`.
local function absolute(path)
  if path:sub(1, 1) ~= '/' then path = here() .. '/' .. path end
  local parts = {}
  for part in path:gmatch('[^/]+') do
    if part == '..' then
      parts[#parts] = nil
    elseif part ~= '.' then
      parts[#parts + 1] = part
    end
  end
  return parts
end

--- The path as seen from the caller's folder; absolute when they have nothing in common.
local function from_here(path)
  local to, from, same = absolute(path), absolute('.'), 0
  while to[same + 1] and to[same + 1] == from[same + 1] do
    same = same + 1
  end
  if same == 0 and #from > 0 then return '/' .. table.concat(to, '/') end
  return ('../'):rep(#from - same) .. table.concat(to, '/', same + 1)
end

--- Adds a file, or all files in a folder. What is not there is left to packing to tell. *async*
local function add(into, path)
  local status = file.stat(path, { follow = true })
  if not status then return true end
  if status.type ~= 'directory' then
    into[from_here(path)] = true
    return true
  end
  local entries, err = file.walk(path)
  if not entries then return nil, err end
  for _, entry in ipairs(entries) do
    local place = ('%s/%s'):format(path, entry.path)
    local target = entry.type == 'symlink' and file.stat(place, { follow = true }) or entry
    if target and target.type == 'file' then into[from_here(place)] = true end
  end
  return true
end

--- Paths of the recipe; of a command those words that are files of the package.
local function recipe_paths(directory, recipe)
  local from, paths = recipe.from or {}, {}
  local docker = from.docker or {}
  for _, path in ipairs({ from.folder or false, from.archive or false, docker.build or false,
    docker.dockerfile or false }) do
    if path then paths[#paths + 1] = tool.in_package(directory, path) end
  end
  for _, word in ipairs(from.command or {}) do
    local path = tool.in_package(directory, word)
    local status = file.stat(path, { follow = true })
    if status and status.type == 'file' then paths[#paths + 1] = path end
  end
  if recipe.busybox then paths[#paths + 1] = busybox.find() end
  return paths
end

--- What titles and icons of dependencies are taken from, unless it is on a web server.
local function dependency_paths(directory, dependencies)
  local paths = {}
  for _, info in pairs(dependencies or {}) do
    local metadata = type(info.metadata) == 'table' and info.metadata or {}
    for _, path in ipairs({ info.s9pk or false, metadata.icon or false }) do
      if type(path) == 'string' and not path:find('^%w+:') then
        paths[#paths + 1] = tool.in_package(directory, path)
      end
    end
  end
  return paths
end

local function add_image(into, directory, id, arch, source)
  local recipe, err = recipe_of.read(directory, id, arch, source)
  if not recipe then return nil, err end
  local paths = recipe_paths(directory, recipe)
  paths[#paths + 1] = ('%s/%s'):format(directory, recipe_of.path(id))
  paths[#paths + 1] = ('%s/images/%s'):format(directory, id)
  for _, path in ipairs(paths) do
    local fine, wrong = add(into, path)
    if not fine then return nil, wrong end
  end
  return true
end

local function add_images(into, params, source)
  local target, err = manifest_of.target(params.arch)
  if not target then return nil, err end
  local manifest, invalid = manifest_of.make(source, target)
  if not manifest then return nil, invalid end
  for _, id in ipairs(names.sorted_keys(manifest.images)) do
    for _, arch in ipairs(manifest.images[id].arch) do
      local fine, wrong = add_image(into, params.directory, id, arch, source.images[id].source)
      if not fine then return nil, wrong end
    end
  end
  return true
end

local function ingredients(_call, params)
  local source, err = manifest_of.read(params.directory)
  if not source then return nil, err end
  local found, missing = folder_of.find(params.directory, params)
  if not found then return nil, missing end
  local into, paths = {}, dependency_paths(params.directory, source.dependencies)
  for _, path in ipairs({ params.directory .. '/package.lua', found.icon, found.license,
    found.instructions, found.procedures, found.assets }) do
    paths[#paths + 1] = path
  end
  for _, path in ipairs(paths) do
    local fine, wrong = add(into, path)
    if not fine then return nil, wrong end
  end
  local fine, wrong = add_images(into, params, source)
  if not fine then return nil, wrong end
  return names.sorted_keys(into)
end

--- What make takes for something else than a part of the name even in what $(shell …) gives.
local function escaped(path) return (path:gsub('[ \t:]', '\\%0')) end

local function show(_params, paths, out)
  local words = {}
  for i, path in ipairs(paths) do
    words[i] = escaped(path)
  end
  out:line(table.concat(words, ' '))
end

return rpc.from_fn_async(ingredients)
  :with_params({
    directory = t.path{ positional = true, default = '.', absolute = false,
      help = 'help.arg.directory' },
    icon = folder_of.PARAMS.icon, license = folder_of.PARAMS.license,
    instructions = folder_of.PARAMS.instructions, procedures = folder_of.PARAMS.procedures,
    assets = folder_of.PARAMS.assets, noAssets = folder_of.PARAMS.noAssets,
    arch = folder_of.PARAMS.arch,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.list-ingredients')
