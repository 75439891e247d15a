--- A new package from the example that comes with moonbox.
local errc = require('engine.errc')
local file = require('engine.file')

local M = {}

local EXAMPLE = { id = 'hello-world', title = 'Hello World' }

local function is_id(text)
  return #text <= 64 and text:find('^[%l%d][%l%d-]*$') ~= nil and not text:find('%-%-')
    and text:sub(-1) ~= '-'
end

local function title_of(id)
  return (id:gsub('%-', ' '):gsub('%f[%a]%l', string.upper))
end

--- Replaces every plain occurrence.
local function replace(text, from, to)
  return (text:gsub(from:gsub('%p', '%%%0'), (to:gsub('%%', '%%%%'))))
end

local function adapt(text, id)
  return replace(replace(text, EXAMPLE.title, title_of(id)), EXAMPLE.id, id)
end

local function is_text(name) return name:match('%.lua$') or name:match('%.md$') end

local copy_folder

--- `made.paths` gets what was made, folders before what is in them.
local function copy_entry(from, to, entry, id, made)
  if entry.type == 'directory' then return copy_folder(from, to, id, made) end
  if entry.type ~= 'file' or entry.name:match('%.s9pk$') then return true end
  local text, err = file.read(from)
  if not text then return nil, err end
  if is_text(entry.name) then text = adapt(text, id) end
  local written, wrong = file.write(to, text)
  if not written then return nil, wrong end
  made.paths[#made.paths + 1] = to
  made.files[#made.files + 1] = to
  return true
end

function copy_folder(from, to, id, made)
  local entries, err = file.list(from)
  if not entries then return nil, err end
  local there = file.exists(to)
  local fine, wrong = file.mkdir(to)
  if not fine then return nil, wrong end
  if not there then made.paths[#made.paths + 1] = to end
  for _, entry in ipairs(entries) do
    local name = replace(entry.name, EXAMPLE.id:gsub('%-', '_'), (id:gsub('%-', '_')))
    fine, wrong = copy_entry(('%s/%s'):format(from, entry.name), ('%s/%s'):format(to, name),
      entry, id, made)
    if not fine then return nil, wrong end
  end
  return true
end

--- Half a package is none.
local function take_back(made)
  for i = #made.paths, 1, -1 do
    file.discard(made.paths[i])
  end
end

--- Writes a package that packs, tests and runs as it stands; or nothing. *async*
---@param directory string Must be empty or absent
---@param id? string Default: the folder's name
---@param scripts string Folder of the shipped scripts; the example lies beside it
---@return {id: string, directory: string, files: string[]}? made
---@return engine.Error? err `usage`, `duplicate`, `not_found`
---@async
function M.create(directory, id, scripts)
  id = id or directory:match('([^/]+)/*$') or ''
  if not is_id(id) then
    return nil, errc.new('usage', ("'%s' cannot be the id of a package"):format(id),
      { hint = 'give one with --id: lower-case letters and digits, in groups joined by "-"' })
  end
  local present = file.exists(directory) and file.list(directory)
  if present and #present > 0 then
    return nil, errc.new('duplicate', ('%s is not empty'):format(directory),
      { hint = 'begin in a new folder' })
  end
  local example = ('%s/examples/%s'):format(scripts:match('^(.*)/[^/]+$'), EXAMPLE.id)
  if not file.exists(example .. '/package.lua') then
    return nil, errc.new('not_found', ('the example is not installed at %s'):format(example))
  end
  local made = { files = {}, paths = {} }
  local fine, err = copy_folder(example, directory, id, made)
  if not fine then
    take_back(made)
    return nil, err
  end
  return { id = id, directory = directory, files = made.files }
end

return M
