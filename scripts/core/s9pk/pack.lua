--- Builds and signs a package from an author's folder.
local dependencies = require('core.s9pk.dependencies')
local errc = require('engine.errc')
local file = require('engine.file')
local folder_of = require('core.s9pk.folder')
local image = require('core.s9pk.image')
local json = require('engine.json')
local list = require('lib.list')
local manifest_of = require('core.s9pk.manifest')
local module = require('engine.module')
local names = require('lib.names')
local recipe_of = require('core.s9pk.image.recipe')
local signer = require('core.s9pk.signer')
local squashfs = require('core.s9pk.squashfs')
local tool = require('core.s9pk.image.tool')
local write = require('core.s9pk.write')

local M = {}

--- The commit of the folder, if it lies in a repository. *async*
local function git_hash(directory)
  local head = tool.run('asking git', { 'git', '-C', directory, 'rev-parse', 'HEAD' })
  if not head then return nil end
  local status = tool.run('asking git',
    { 'git', '-C', directory, 'status', '--porcelain', '--', '.' })
  return head:gsub('%s+$', '') .. (status == '' and '' or '-modified')
end

local function documents(found)
  return {
    { path = found.iconName, file = found.icon },
    { path = 'LICENSE.md', file = found.license },
    { path = 'instructions.md', file = found.instructions },
  }
end

--- Every Lua file must compile before it is shipped. *async*
local function check_code(folder)
  local tree, err = module.tree(folder)
  if tree then return tree end
  return nil, errc.new(err.code, folder:match('[^/]+$') .. '/' .. err.message,
    { details = err.details })
end

local function folder_image(folder, target, work)
  local output = ('%s/%s'):format(work, target)
  local fine, err = squashfs.make(folder, output)
  if not fine then return nil, err end
  return { { path = target, file = output } }
end

--- A package without assets has an empty folder of them, so that there is always one to mount.
local function assets_image(job)
  if job.found.noAssets then return {} end
  local folder = job.found.assets
  if not folder then
    folder = job.work .. '/assets'
    local fine, err = file.mkdir(folder)
    if not fine then return nil, err end
  end
  return folder_image(folder, 'assets.squashfs', job.work)
end

local function build_image(job, id, arch)
  local recipe, err = recipe_of.read(job.directory, id, arch, job.source.images[id].source)
  if not recipe then return nil, err end
  return image.build({ directory = job.directory, id = id, arch = arch, work = job.work,
    recipe = recipe })
end

--- The steps of packing, in order; each gives entries or `nil, err`.
local function steps(job)
  local todo = {
    { 'documents', function() return documents(job.found) end },
    { 'dependencies', function()
      return dependencies.collect(job.directory, job.source.dependencies, job.server)
    end },
    { 'code', function()
      local fine, err = check_code(job.found.procedures)
      if not fine then return nil, err end
      return folder_image(job.found.procedures, 'lua.squashfs', job.work)
    end },
    { 'assets', function() return assets_image(job) end },
  }
  for _, id in ipairs(names.sorted_keys(job.manifest.images)) do
    for _, arch in ipairs(job.manifest.images[id].arch) do
      todo[#todo + 1] = { ('image %s for %s'):format(id, arch), function()
        return build_image(job, id, arch)
      end }
    end
  end
  return todo
end

local function collect(job)
  local entries = { { path = 'manifest.json', data = json.encode(job.manifest) } }
  for _, step in ipairs(steps(job)) do
    job.say(step[1])
    local more, err = step[2]()
    if not more then return nil, err end
    list.append(entries, more)
  end
  return entries
end

local function prepare(directory, options)
  local source, err = manifest_of.read(directory)
  if not source then return nil, err end
  local target, unknown = manifest_of.target(options.arch)
  if not target then return nil, unknown end
  local manifest, invalid = manifest_of.make(source, target, git_hash(directory))
  if not manifest then return nil, invalid end
  local found, missing = folder_of.find(directory, options)
  if not found then return nil, missing end
  return { directory = directory, source = source, manifest = manifest, found = found }
end

---@class core.s9pk.PackOptions As of `signer.PARAMS`, `folder.PARAMS` and `source.PARAMS`, and
---@field output? string
---@field say? fun(step: string) Called as each step begins
---@field bar? fun(title: string): fun(done: integer, total: integer) Gives what shows long work

--- Packs a folder. *async*
---@param directory string
---@param options core.s9pk.PackOptions
---@return table? result {output, id, version, size, files, warnings, key, keyCreated, commitment}
---@return engine.Error? err `pack`, `script` with file:line, `validate_s9pk` naming the field
---@async
function M.run(directory, options)
  local job, err = prepare(directory, options)
  if not job then return nil, err end
  local who, unsigned = signer.choose(options, true)
  if not who then return nil, unsigned end
  job.server = { cacert = options.cacert, timeout = options.timeout }
  job.say = options.say or function() end
  job.bar = options.bar or function() end
  job.output = options.output or ('%s/%s.s9pk'):format(directory, job.manifest.id)
  local written, wrong = tool.in_work_folder(function(work)
    job.work = work
    local entries, failure = collect(job)
    if not entries then return nil, failure end
    return write({ signer = who, output = job.output, bar = job.bar, entries = entries })
  end)
  if not written then return nil, wrong end
  local status = file.stat(job.output)
  return {
    output = job.output, id = job.manifest.id, version = job.manifest.version,
    size = status and status.size, files = written.report.files,
    warnings = written.report.warnings, key = who.key and who.key.path, keyCreated = who.created,
    commitment = written.commitment,
  }
end

return M
