--- Builds and signs a package from an author's folder.
local archive = require('engine.archive')
local crypto = require('engine.crypto')
local dependencies = require('core.s9pk.dependencies')
local errc = require('engine.errc')
local file = require('engine.file')
local image = require('core.s9pk.image')
local json = require('engine.json')
local manifest_of = require('core.s9pk.manifest')
local module = require('engine.module')
local names = require('lib.names')
local signer = require('core.s9pk.signer')
local squashfs = require('core.s9pk.squashfs')
local tool = require('core.s9pk.image.tool')

local M = {}

local function problem(message, hint) return nil, errc.new('pack', message, { hint = hint }) end

--- The machine's architecture as packages spell it. *async*
local function machine()
  local name, err = tool.run('looking for the architecture', { 'uname', '-m' })
  if not name then return nil, err end
  return (name:gsub('%s+$', ''))
end

--- The commit of the folder, if it lies in a repository. *async*
local function git_hash(directory)
  local head = tool.run('asking git', { 'git', '-C', directory, 'rev-parse', 'HEAD' })
  if not head then return nil end
  local status = tool.run('asking git',
    { 'git', '-C', directory, 'status', '--porcelain', '--', '.' })
  return head:gsub('%s+$', '') .. (status == '' and '' or '-modified')
end

--- The one file of the folder whose name fits; nil when there is none, an error when several.
local function only_file(directory, what, fits)
  local entries, err = file.list(directory)
  if not entries then return nil, err end
  local found
  for _, entry in ipairs(entries) do
    if entry.type == 'file' and fits(entry.name) then
      if found then
        return problem(('there are two %ss: %s and %s'):format(what, found, entry.name), 'keep one')
      end
      found = entry.name
    end
  end
  return found
end

-- Letter case counts in packages, not in the folder of an author.
local function is_icon(name) return archive.is_icon(name:lower()) end

local function is_license(name) return name:lower():match('^[^.]*') == 'license' end

local function documents(directory)
  local icon, err = only_file(directory, 'icon', is_icon)
  if err then return nil, err end
  if not icon then return problem('there is no icon', 'add icon.svg or icon.png to the folder') end
  local license, wrong = only_file(directory, 'license', is_license)
  if wrong then return nil, wrong end
  if not license then return problem('there is no license', 'add LICENSE.md to the folder') end
  local instructions = directory .. '/instructions.md'
  if not file.exists(instructions) then
    return problem('there is no instructions.md', 'add it: what people do first with the service')
  end
  return {
    { path = icon:lower(), file = directory .. '/' .. icon },
    { path = 'LICENSE.md', file = directory .. '/' .. license },
    { path = 'instructions.md', file = instructions },
  }
end

--- Every Lua file must compile before it is shipped. *async*
local function check_code(directory)
  if not file.exists(directory .. '/procedures/init.lua') then
    return problem('there is no procedures/init.lua',
      'it returns the table of what moonbox runs: init, main, actions, create_backup')
  end
  local tree, err = module.tree(directory .. '/procedures')
  if tree then return tree end
  return nil, errc.new(err.code, 'procedures/' .. err.message, { details = err.details })
end

local function folder_image(folder, target, work)
  local output = ('%s/%s'):format(work, target)
  local fine, err = squashfs.make(folder, output)
  if not fine then return nil, err end
  return { { path = target, file = output } }
end

--- A package without assets has an empty folder of them, so that there is always one to mount.
local function assets_image(directory, work)
  local folder = directory .. '/assets'
  if not file.exists(folder) then
    folder = work .. '/assets'
    local fine, err = file.mkdir(folder)
    if not fine then return nil, err end
  end
  return folder_image(folder, 'assets.squashfs', work)
end

local function append(list, more)
  for _, entry in ipairs(more) do
    list[#list + 1] = entry
  end
end

--- The steps of packing, in order; each gives entries or `nil, err`.
local function steps(job)
  local list = {
    { 'documents', function() return documents(job.directory) end },
    { 'dependencies', function() return dependencies.collect(job.directory, job.dependencies) end },
    { 'code', function()
      local fine, err = check_code(job.directory)
      if not fine then return nil, err end
      return folder_image(job.directory .. '/procedures', 'lua.squashfs', job.work)
    end },
    { 'assets', function() return assets_image(job.directory, job.work) end },
  }
  for _, id in ipairs(names.sorted_keys(job.manifest.images)) do
    list[#list + 1] = { 'image ' .. id, function()
      return image.build(job.directory, id, job.arch, job.work)
    end }
  end
  return list
end

local function collect(job)
  local entries = { { path = 'manifest.json', data = json.encode(job.manifest) } }
  for _, step in ipairs(steps(job)) do
    job.say(step[1])
    local more, err = step[2]()
    if not more then return nil, err end
    append(entries, more)
  end
  return entries
end

--- Nothing is left in place that would not be accepted at an install.
local function write(job, entries)
  local temporary = job.output .. '.tmp'
  job.say('signing')
  local commitment, err = signer.write(job.signer, { output = temporary, entries = entries })
  if not commitment then return nil, err end
  local package, wrong = archive.open(temporary)
  local report
  if package then
    report, wrong = package:verify({ level = 'package' })
    package:close()
  end
  if not report then
    file.remove(temporary)
    return nil, wrong
  end
  local fine, failure = file.rename(temporary, job.output)
  if not fine then return nil, failure end
  return { commitment = commitment, report = report }
end

local function prepare(directory)
  local source, err = manifest_of.read(directory)
  if not source then return nil, err end
  local arch, wrong = machine()
  if not arch then return nil, wrong end
  local manifest, invalid = manifest_of.make(source, arch, git_hash(directory))
  if not manifest then return nil, invalid end
  return { directory = directory, manifest = manifest, arch = arch,
    dependencies = source.dependencies }
end

local function in_work_folder(fn)
  local root = os.getenv('TMPDIR')
  local work = ('%s/moonbox-pack-%s'):format(root and root ~= '' and root or '/tmp', crypto.guid())
  local made, err = file.mkdir(work, 448)
  if not made then return nil, err end
  local fine, result, failure = pcall(fn, work)
  file.remove(work, { recursive = true })
  if not fine then error(result, 0) end
  return result, failure
end

---@class core.s9pk.PackOptions
---@field key? string File of the signing key
---@field signCommand? string Signs instead of a key
---@field signTimeout? number Seconds
---@field output? string
---@field say? fun(step: string) Called as each step begins

--- Packs a folder. *async*
---@param directory string
---@param options core.s9pk.PackOptions
---@return table? result {output, id, version, size, files, warnings, key, keyCreated, commitment}
---@return engine.Error? err `pack`, `script` with file:line, `validate_s9pk` naming the field
---@async
function M.run(directory, options)
  local job, err = prepare(directory)
  if not job then return nil, err end
  local who, unsigned = signer.choose(options, true)
  if not who then return nil, unsigned end
  job.signer, job.say = who, options.say or function() end
  job.output = options.output or ('%s/%s.s9pk'):format(directory, job.manifest.id)
  local written, wrong = in_work_folder(function(work)
    job.work = work
    local entries, failure = collect(job)
    if not entries then return nil, failure end
    return write(job, entries)
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
