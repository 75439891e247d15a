--- Where a root begins: the `from` of a recipe.
local debian = require('core.s9pk.image.debian')
local docker = require('core.s9pk.image.docker')
local errc = require('engine.errc')
local file = require('engine.file')
local oci = require('core.s9pk.image.oci')
local tool = require('core.s9pk.image.tool')

local M = {}

local function problem(message, hint) return nil, errc.new('pack', message, { hint = hint }) end

local function holds(path, member)
  return tool.run('reading ' .. path,
    { 'tar', '--list', '--occurrence=1', '--file', path, member }) ~= nil
end

--- What a file or folder holds: an image with layers, or just a root.
local function kind_of(path, status)
  if status.type == 'directory' then
    return file.exists(path .. '/oci-layout') and 'oci' or 'folder'
  end
  -- `docker save` of today writes both.
  if holds(path, 'manifest.json') then return 'docker-archive' end
  return holds(path, 'oci-layout') and 'oci-archive' or 'tar'
end

local function unpack_tar(path, root)
  local fine, err = file.mkdir(root)
  if not fine then return nil, err end
  fine, err = tool.run('unpacking ' .. path, { 'tar', '--extract', '--numeric-owner',
    '--same-permissions', '--file', path, '--directory', root })
  if not fine then return nil, err end
  return {}
end

local function copy_folder(path, job)
  local fine, err = file.mkdir(job.root)
  if not fine then return nil, err end
  fine, err = file.copy_tree(path, job.root)
  if not fine then return nil, err end
  return {}
end

-- The first bytes of a compressed file, and what takes the compression off.
local COMPRESSIONS = {
  { '\31\139', 'gzip' }, { '\253\55zXZ', 'xz' }, { '\40\181\47\253', 'zstd' }, { 'BZh', 'bzip2' },
}

--- The archive without its compression, which skopeo trips over.
local function plain_file(path, status, job)
  if status.type == 'directory' then return path end
  local head, err = tool.run('reading ' .. path, { 'head', '-c', '8', path })
  if not head then return nil, err end
  for _, compression in ipairs(COMPRESSIONS) do
    if head:sub(1, #compression[1]) == compression[1] then
      local plain = job.root .. '.tar'
      local fine, wrong = tool.run('reading ' .. path, { 'sh', '-c', 'exec "$0" -dc -- "$1" >"$2"',
        compression[2], path, plain })
      if not fine then return nil, wrong end
      return plain
    end
  end
  return path
end

local makers = {}

function makers.folder(from, job)
  local path = tool.in_package(job.directory, from.folder)
  if file.exists(path) then return copy_folder(path, job) end
  return problem(('there is no folder %s'):format(path), 'from.folder lies in the package folder')
end

function makers.archive(from, job)
  local path = tool.in_package(job.directory, from.archive)
  local status = file.stat(path, { follow = true })
  if not status then
    return problem(('there is no %s'):format(path),
      'save one: docker save NAME -o FILE, or skopeo copy docker://NAME oci-archive:FILE')
  end
  local kind = kind_of(path, status)
  if from.tag and (kind == 'folder' or kind == 'tar') then
    return problem(('%s holds no images, so none is called %s'):format(path, from.tag))
  end
  if kind == 'folder' then return copy_folder(path, job) end
  if kind == 'tar' then return unpack_tar(path, job.root) end
  local plain, err = plain_file(path, status, job)
  if not plain then return nil, err end
  return oci.unpack(plain, kind, from.tag, job)
end

function makers.debian(from, job)
  local fine, err = debian.install(from.debian, job.arch, job.root)
  if not fine then return nil, err end
  return {}
end

function makers.docker(from, job) return docker.make(from.docker, job) end

--- The command finds its folder in ROOT; it runs in the package's folder.
function makers.command(from, job)
  local fine, err = file.mkdir(job.root)
  if not fine then return nil, err end
  fine, err = tool.run('building the image ' .. job.id, from.command, { cwd = job.directory,
    env = { ROOT = job.root, ARCH = job.arch, IMAGE = job.id, SOURCE_DATE_EPOCH = '0' } })
  if not fine then return nil, err end
  return {}
end

--- Nodes of devices have no business in a package, and sockets cannot be in one.
--- *async*
---@param root string
---@return string? ok
---@return engine.Error? err `pack`
---@async
function M.remove_nodes(root)
  return tool.run('looking for devices', { 'find', root, '-xdev', '(', '-type', 'b', '-o',
    '-type', 'c', '-o', '-type', 's', ')', '-delete' })
end

---@class core.s9pk.image.Job
---@field directory string Of the package
---@field id string Of the image
---@field arch string As packages spell it
---@field work string A folder to build in
---@field root string Where the root is made; it does not exist yet

--- Makes the root of an image, as far as `from` says it. *async*
---@param from table
---@param job core.s9pk.image.Job
---@return core.s9pk.image.Defaults? defaults
---@return engine.Error? err `pack`
---@async
function M.make(from, job)
  for kind, make in pairs(makers) do
    if from[kind] then
      local defaults, err = make(from, job)
      if not defaults then return nil, err end
      local fine, wrong = M.remove_nodes(job.root)
      if not fine then return nil, wrong end
      return defaults
    end
  end
end

return M
