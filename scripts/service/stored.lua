--- Backups as they lie on a target: finding them, reading their manifests, checking every byte.
--- Layout: `service.backup`. Needs no daemon.
local crypto = require('engine.crypto')
local file = require('engine.file')
local json = require('engine.json')
local phases = require('service.phases')

local M = {}

local check = phases.check

M.FORMAT = 1

---@class service.stored.Backup
---@field package string
---@field server string id of the store of the daemon that made it
---@field name string its time, `20261121T025333Z`
---@field path string

local function broken(path, why)
  error({
    code = 'restore',
    message = ('the backup is damaged: %s %s'):format(path, why),
    hint = 'nothing was changed; choose another backup',
  }, 0)
end

local function folders(path)
  local found = {}
  for _, each in ipairs(file.list(path) or {}) do
    if each.type == 'directory' then
      found[#found + 1] = each.name
    end
  end
  return found
end

--- The complete ones: of a package the oldest first.
---@param target string
---@return service.stored.Backup[]
function M.find(target)
  local all = {}
  local root = target .. '/moonbox'
  for _, server in ipairs(folders(root)) do
    for _, id in ipairs(folders(root .. '/' .. server)) do
      for _, name in ipairs(folders(('%s/%s/%s'):format(root, server, id))) do
        if name:match('^%d+T%d+Z$') then
          all[#all + 1] = { package = id, server = server, name = name,
            path = ('%s/%s/%s/%s'):format(root, server, id, name) }
        end
      end
    end
  end
  table.sort(all, function(a, b)
    if a.package ~= b.package then
      return a.package < b.package
    end
    return a.name .. a.server < b.name .. b.server
  end)
  return all
end

local function has_form(manifest)
  return type(manifest.package) == 'table' and type(manifest.archive) == 'table'
    and type(manifest.archive.file) == 'string' and not manifest.archive.file:find('/', 1, true)
    and type(manifest.files) == 'table'
end

--- The manifest of a backup. Raises what is wrong with it.
---@param path string
---@param id string package it should be of
---@return table manifest
function M.manifest(path, id)
  local manifest, err = json.decode(check(file.read(path .. '/manifest.json')))
  if type(manifest) ~= 'table' then
    broken('manifest.json', err and err.message or 'is no manifest')
  end
  if manifest.format ~= M.FORMAT or manifest.kind ~= 'plain' then
    error({
      code = 'restore',
      message = ('this backup has format %s, kind %s'):format(tostring(manifest.format),
        tostring(manifest.kind)),
      hint = 'a newer moonbox wrote it',
    }, 0)
  end
  if not has_form(manifest) then
    broken('manifest.json', 'lacks members')
  end
  if manifest.package.id ~= id then
    broken(path, 'belongs to ' .. tostring(manifest.package.id))
  end
  return manifest
end

local function verify_file(path, row)
  local info = file.stat(path)
  if not info then
    broken(row.path, 'is missing')
  elseif row.type == 'file' and check(crypto.blake3_file(path)) ~= row.blake3 then
    broken(row.path, 'has other content than its hash says')
  end
end

--- Every file as its hash says, and none besides. Raises what is not. *async*
---@param root string
---@param manifest table
---@param report fun(phase: string, done: integer, total: integer, units: string)
function M.verify(root, manifest, report)
  local expected = {}
  for index, row in ipairs(manifest.files) do
    expected[row.path] = true
    verify_file(root .. '/data/' .. row.path, row)
    if index % 64 == 0 then
      report('Verifying', index, #manifest.files, 'steps')
    end
  end
  for _, found in ipairs(check(file.walk(root .. '/data'))) do
    if not expected[found.path] then
      broken(found.path, 'is not in the manifest')
    end
  end
  if check(crypto.blake3_file(root .. '/' .. manifest.archive.file)) ~= manifest.archive.blake3 then
    broken(manifest.archive.file, 'has other content than its hash says')
  end
end

return M
