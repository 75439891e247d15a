--- Packages of version 1: opening them, and making packages of version 2 from them.
local archive = require('engine.archive')
local base = require('core.s9pk.image.base')
local errc = require('engine.errc')
local file = require('engine.file')
local image = require('core.s9pk.image')
local json = require('engine.json')
local list = require('lib.list')
local oci = require('core.s9pk.image.oci')
local source = require('core.s9pk.source')
local squashfs = require('core.s9pk.squashfs')
local tool = require('core.s9pk.image.tool')
local translation = require('core.s9pk.legacy_manifest')

local M = {}

--- What can be done with what conversion gives, for people.
M.NOTE = 'its code is what it was in version 1: other systems may run it, moonbox does not'

--- Whether opening failed because the package is of another version than 2.
---@param err engine.Error
---@return boolean
function M.is_other_version(err)
  return type(err.details) == 'table' and err.details.rule == 'version'
end

--- Opens a package of version 1, reading all of it. *async*
---@param call table
---@param name string A path, or a URL
---@param params {cacert: string?, timeout: number?}
---@return engine.archive.LegacyPackage? package
---@return engine.Error? err
---@async
function M.open(call, name, params)
  local opts = { cacert = params.cacert, timeout = params.timeout,
    progress = source.progress(call, 'verifying') }
  local package, err
  if source.is_url(name) then
    package, err = archive.open_legacy_url(name, opts)
  else
    package, err = archive.open_legacy(name, opts)
  end
  call.ctx.progress(nil)
  return package, err
end

---@class core.s9pk.Conversion
---@field package engine.archive.LegacyPackage
---@field old table Its manifest
---@field work string A folder to build in
---@field arch? string The only architecture to take
---@field say fun(step: string)

local function invalid(message, hint)
  return nil, errc.new('validate_s9pk', message, { hint = hint })
end

--- The architectures the images archive holds: it is a tar of `ARCH.tar`.
local function available(job, path)
  local listed, err = tool.run('reading the images', { 'tar', '--list', '--file', path })
  if not listed then return nil, err end
  local held = {}
  for line in listed:gmatch('[^\n]+') do
    held[line:gsub('^%./', '')] = line
  end
  local archs = {}
  for _, arch in ipairs(oci.ARCHS) do
    if held[arch .. '.tar'] and (not job.arch or job.arch == arch) then archs[#archs + 1] = arch end
  end
  return translation.archs(job.old, archs), held
end

--- The archive of an architecture's images, taken out. A link in its place gives nothing.
local function images_of(job, path, member, arch)
  local output = ('%s/%s.tar'):format(job.work, arch)
  local fine, err = tool.run('reading the images', { 'sh', '-c',
    'exec tar --extract --to-stdout --occurrence=1 --file "$0" -- "$1" >"$2"', path, member,
    output })
  return fine and output, err
end

local function build(job, arch, saved, wanted)
  job.say(('image %s for %s'):format(wanted.id, arch))
  local from = wanted.system and { docker = { tag = wanted.tag } }
    or { archive = saved, tag = wanted.tag }
  return image.build({ directory = job.work, id = wanted.id, arch = arch, work = job.work,
    recipe = { from = from } })
end

local function add_images(job, entries, archs, path, held)
  for _, arch in ipairs(archs) do
    local name = arch .. '.tar'
    local saved, err = images_of(job, path, held[name], arch)
    if not saved then return nil, err end
    for _, wanted in ipairs(translation.images(job.old)) do
      local more, wrong = build(job, arch, saved, wanted)
      if not more then return nil, wrong end
      list.append(entries, more)
    end
    file.remove(saved)
  end
  return true
end

local function squashed(job, folder, target)
  local output = ('%s/%s'):format(job.work, target)
  local fine, err = squashfs.make(folder, output)
  if not fine then return nil, err end
  return { { path = target, file = output } }
end

local function assets(job)
  local tar, folder = job.work .. '/assets.tar', job.work .. '/assets'
  local fine, err = job.package:extract('assets', tar)
  if fine then
    fine, err = file.mkdir(folder)
  end
  if fine then
    fine, err = tool.run('unpacking the assets', { 'tar', '--extract', '--no-same-owner',
      '--no-same-permissions', '--file', tar, '--directory', folder })
  end
  if fine then
    fine, err = base.remove_nodes(folder)
  end
  if not fine then return nil, err end
  return squashed(job, folder, 'assets.squashfs')
end

--- The code as it was, and the manifest it knows.
local function code(job)
  local folder = job.work .. '/javascript'
  local fine, err = file.mkdir(folder)
  for _, section in ipairs(fine and job.package:list() or {}) do
    if fine and section.path == 'scripts' and section.size > 0 then
      fine, err = job.package:extract('scripts', folder .. '/embassy.js')
    end
  end
  if fine then
    fine, err = file.write(folder .. '/embassyManifest.json', json.encode(job.old))
  end
  if not fine then return nil, err end
  return squashed(job, folder, 'javascript.squashfs')
end

local function documents(job)
  local names = { license = 'LICENSE.md', icon = 'icon.' .. translation.icon_extension(job.old) }
  local entries = {}
  for label, target in pairs(names) do
    local path = ('%s/%s'):format(job.work, target)
    local fine, err = job.package:extract(label, path)
    if not fine then return nil, err end
    entries[#entries + 1] = { path = target, file = path }
  end
  return entries
end

local function no_images(job)
  if job.arch then
    return invalid(('the package has no images for %s'):format(job.arch))
  end
  return invalid('the package has no images for architectures of today',
    'its docker_images section must hold x86_64.tar, aarch64.tar or riscv64.tar')
end

--- Everything a converted package holds; `job.work` must live until it is written. *async*
---@param job core.s9pk.Conversion
---@return engine.archive.NewEntry[]? entries
---@return engine.Error? err `validate_s9pk`, `pack`, those of reading
---@async
function M.entries(job)
  local path = job.work .. '/docker_images.tar'
  local fine, err = job.package:extract('docker_images', path)
  if not fine then return nil, err end
  local archs, held = available(job, path)
  if not archs then return nil, held end
  if #archs == 0 then return no_images(job) end
  local manifest, wrong = translation.translate(job.old, archs)
  if not manifest then return nil, wrong end
  -- Before anything is built: ids become names of files.
  local good, refused = archive.check_manifest(manifest)
  if not good then return nil, refused end
  local entries = { { path = 'manifest.json', data = json.encode(manifest) } }
  for _, step in ipairs({ { 'documents', documents }, { 'assets', assets }, { 'code', code } }) do
    job.say(step[1])
    local more, failure = step[2](job)
    if not more then return nil, failure end
    list.append(entries, more)
  end
  fine, err = add_images(job, entries, archs, path, held)
  if not fine then return nil, err end
  return entries
end

return M
