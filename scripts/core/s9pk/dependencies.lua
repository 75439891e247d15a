--- What a package tells about those it depends on: `dependencies/ID/metadata.json` and an icon,
--- from what `package.lua` says or from a package of that dependency.
local archive = require('engine.archive')
local base64 = require('lib.base64')
local errc = require('engine.errc')
local fetch = require('engine.fetch')
local file = require('engine.file')
local json = require('engine.json')
local names = require('lib.names')
local source = require('core.s9pk.source')

local M = {}

local LARGEST_ICON = 100 * 1024

-- By extension of a file, and which extension a type is stored with.
local TYPES = { apng = 'image/apng', avif = 'image/avif', flif = 'image/flif', gif = 'image/gif',
  jfif = 'image/jpeg', jpeg = 'image/jpeg', jpg = 'image/jpeg', jxl = 'image/jxl',
  mng = 'image/x-mng', pjp = 'image/jpeg', pjpeg = 'image/jpeg', png = 'image/png',
  svg = 'image/svg+xml', webp = 'image/webp', ['x-mng'] = 'image/x-mng' }
local EXTENSIONS = { ['image/apng'] = 'apng', ['image/avif'] = 'avif', ['image/flif'] = 'flif',
  ['image/gif'] = 'gif', ['image/jpeg'] = 'pjp', ['image/jxl'] = 'jxl', ['image/png'] = 'png',
  ['image/svg+xml'] = 'svg', ['image/webp'] = 'webp', ['image/x-mng'] = 'mng' }
local UNKNOWN = 'ico'

local function problem(id, message, hint)
  return nil, errc.new('pack', ('package.lua: dependencies.%s: %s'):format(id, message),
    { hint = hint })
end

local function extension_of(name) return (name:match('%.([^./]+)$') or ''):lower() end

local function stored(data, media_type)
  return { data = data, extension = EXTENSIONS[media_type] or UNKNOWN }
end

local function checked(id, data, media_type)
  if #data <= LARGEST_ICON then return stored(data, media_type) end
  return problem(id, ('the icon has %d bytes, more than %d'):format(#data, LARGEST_ICON),
    'make it smaller, or take an SVG')
end

--- `data:image/png;base64,…`
local function icon_of_data(id, url)
  local media_type, encoded = url:match('^data:([^;,]*);base64,(.*)$')
  local data = encoded and base64.decode(encoded)
  if data then return checked(id, data, media_type) end
  return problem(id, 'the icon is no data URL: data:image/png;base64,…')
end

local function icon_of_url(id, url, server)
  local answer, err = fetch.send({ method = 'GET', url = url, cacert = server.cacert,
    timeout = server.timeout })
  if not answer then return nil, err end
  if answer.status ~= 200 then
    return problem(id, ('%s answers with status %d'):format(url, answer.status))
  end
  return checked(id, answer.body, TYPES[extension_of((url:gsub('[?#].*', '')))])
end

local function icon_of_file(id, directory, name)
  local path = name:sub(1, 1) == '/' and name or ('%s/%s'):format(directory, name)
  local data, err = file.read(path)
  if not data then return problem(id, ('the icon %s: %s'):format(name, err.message)) end
  return checked(id, data, TYPES[extension_of(name)])
end

local function read_icon(id, directory, name, server)
  if name:find('^data:') then return icon_of_data(id, name) end
  if source.is_url(name) then return icon_of_url(id, name, server) end
  return icon_of_file(id, directory, name)
end

--- The icon a package is shown with: the largest.
---@param entries engine.archive.Entry[]
---@return engine.archive.Entry?
function M.icon_entry(entries)
  local best
  for _, entry in ipairs(entries) do
    if entry.type == 'file' and archive.is_icon(entry.path)
      and (not best or entry.size > best.size) then
      best = entry
    end
  end
  return best
end

local function describe(package)
  local manifest, err = package:manifest()
  if not manifest then return nil, err end
  local entries, wrong = package:list()
  if not entries then return nil, wrong end
  local entry = M.icon_entry(entries)
  if not entry then return { title = manifest.title } end
  local data, failure = package:read(entry.path)
  if not data then return nil, failure end
  return { title = manifest.title, data = data, type = TYPES[extension_of(entry.path)] }
end

--- Title and icon of a package that lies somewhere.
local function from_package(directory, name, server)
  local path = (source.is_url(name) or name:sub(1, 1) == '/') and name
    or ('%s/%s'):format(directory, name)
  local package, err = source.open(path, server)
  if not package then return nil, err end
  local told, wrong = describe(package)
  package:close()
  if not told then return nil, wrong end
  return told.title, told.data and stored(told.data, told.type)
end

local function from_metadata(id, directory, metadata, server)
  if type(metadata) ~= 'table' or metadata.title == nil then
    return problem(id, 'metadata is a table with title and icon')
  end
  if metadata.icon == nil then return metadata.title end
  if type(metadata.icon) ~= 'string' then
    return problem(id, 'metadata.icon is a path, a URL or a data URL')
  end
  local icon, err = read_icon(id, directory, metadata.icon, server)
  if not icon then return nil, err end
  return metadata.title, icon
end

local function one(id, directory, info, server)
  if info.metadata ~= nil and info.s9pk ~= nil then
    return problem(id, 'it has metadata and s9pk', 'give one of them')
  end
  if info.metadata ~= nil then return from_metadata(id, directory, info.metadata, server) end
  if info.s9pk == nil then return nil end
  if type(info.s9pk) == 'string' then return from_package(directory, info.s9pk, server) end
  return problem(id, 's9pk is a path or a URL')
end

--- The files for all dependencies that `package.lua` describes. *async*
---@param directory string of the package's sources
---@param dependencies? table<string, table> as `package.lua` has them
---@param server {cacert: string?, timeout: number?} How servers of icons and packages are reached
---@return engine.archive.NewEntry[]? entries
---@return engine.Error? err `pack`; those of reading
---@async
function M.collect(directory, dependencies, server)
  local entries = {}
  for _, id in ipairs(names.sorted_keys(dependencies or {})) do
    local title, icon = one(id, directory, dependencies[id], server)
    if title == nil and icon ~= nil then return nil, icon end
    if title ~= nil then
      entries[#entries + 1] = { path = ('dependencies/%s/metadata.json'):format(id),
        data = json.encode({ title = title }) }
    end
    if icon then
      entries[#entries + 1] = { path = ('dependencies/%s/icon.%s'):format(id, icon.extension),
        data = icon.data }
    end
  end
  return entries
end

--- What a package tells about one of its dependencies. *async*
---@param package engine.archive.Package
---@param id string
---@param entries engine.archive.Entry[] all of the package
---@return {title: any, icon: string?}
---@async
function M.described(package, id, entries)
  local folder, icon = ('dependencies/%s/'):format(id), nil
  for _, entry in ipairs(entries) do
    local name = entry.path:sub(1, #folder) == folder and entry.path:sub(#folder + 1)
    if name and entry.type == 'file' and name:find('^icon%.') then icon = entry.path end
  end
  local text = package:read(folder .. 'metadata.json')
  local metadata = text and json.decode(text)
  return { title = type(metadata) == 'table' and metadata.title or json.null,
    icon = icon or json.null }
end

return M
