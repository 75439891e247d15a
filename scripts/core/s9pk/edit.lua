--- `moon-cli s9pk edit`: packages from packages. What is copied is verified on the way.
local add_image = require('core.s9pk.add_image')
local archive = require('engine.archive')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local rpc = require('lib.rpc')
local signer = require('core.s9pk.signer')
local source = require('core.s9pk.source')
local tool = require('core.s9pk.image.tool')
local write = require('core.s9pk.write')
local t = rpc.types

local M = {}

local MANIFEST = 'manifest.json'

--- RFC 7396: what is null goes away, objects are merged, all else is replaced.
local function merge(target, patch)
  if type(patch) ~= 'table' or json.is_array(patch) then return patch end
  local out = {}
  if type(target) == 'table' and not json.is_array(target) then
    for key, value in pairs(target) do
      out[key] = value
    end
  end
  for key, value in pairs(patch) do
    if value == json.null then
      out[key] = nil
    else
      out[key] = merge(out[key], value)
    end
  end
  return out
end

local function apply(manifest, patch)
  if json.is_array(patch) then return json.patch(manifest, patch) end
  if type(patch) == 'table' then return merge(manifest, patch) end
  return source.usage('a patch is a JSON array (JSON Patch) or an object (merge patch)')
end

local function read_patch(name)
  local text, err = name, nil
  if not name:find('^%s*[%[{]') then text, err = file.read(name) end
  if not text then return nil, err end
  local patch, wrong = json.decode(text)
  if patch == nil then
    return nil, errc.new('usage', ('the patch is not JSON: %s'):format(wrong.message))
  end
  return patch
end

---@class core.s9pk.Change What becomes of a package
---@field manifest? table The new one
---@field entries? engine.archive.NewEntry[]
---@field remove? string[]
---@field complete? boolean It must be a whole package afterwards

local OPERATIONS = {}

function OPERATIONS.manifest(_call, package, params)
  local manifest, err = package:manifest()
  if not manifest then return nil, err end
  local patch, wrong = read_patch(params.subject)
  if not patch then return nil, wrong end
  local changed, failure = apply(manifest, patch)
  if not changed then return nil, failure end
  return { manifest = changed }
end

OPERATIONS['add-image'] = add_image.run

function OPERATIONS.put(_call, _package, params)
  if not params.from then
    return source.usage('edit put needs the file to take',
      'moon-cli s9pk edit PACKAGE put PATH --from FILE')
  end
  return { entries = { { path = params.subject, file = params.from } } }
end

function OPERATIONS.remove(_call, _package, params) return { remove = { params.subject } } end

--- The change with the new manifest as one of its files.
local function checked(change)
  change.entries, change.remove = change.entries or {}, change.remove or {}
  if not change.manifest then return change end
  local good, invalid = archive.check_manifest(change.manifest)
  if not good then return nil, invalid end
  change.entries[#change.entries + 1] = { path = MANIFEST, data = json.encode(change.manifest) }
  return change
end

local function write_changed(call, package, params, change)
  local who, err = signer.choose(params, true)
  if not who then return nil, err end
  local output = params.output or params.file
  local written, wrong = write({ signer = who, output = output, base = package,
    entries = change.entries, remove = change.remove, partial = not change.complete,
    bar = function(title) return source.progress(call, title) end })
  call.ctx.progress(nil)
  if not written then return nil, wrong end
  return { file = output, commitment = written.commitment, manifest = change.manifest }
end

local function change_and_write(call, package, params, work)
  local change, err = OPERATIONS[params.operation](call, package, params, work)
  if not change then return nil, err end
  local good, invalid = checked(change)
  if not good then return nil, invalid end
  return write_changed(call, package, params, good)
end

--- An option that the operation would not look at is a mistake.
local function check_options(params)
  if params.operation == 'add-image' then return true end
  local option = add_image.given(params)
  if option then
    return source.usage(('--%s is for add-image'):format((option:gsub('%u', '-%0'):lower())))
  end
  if not params.from or params.operation == 'put' then return true end
  return source.usage('--from is for put and add-image')
end

local function edit(call, params)
  local fine, err = check_options(params)
  if not fine then return nil, err end
  if source.is_url(params.file) and not params.output then
    return source.usage('a package on a web server cannot be rewritten there', 'name --output FILE')
  end
  local package, wrong = source.open(params.file, params)
  if not package then return nil, wrong end
  local result, failure = tool.in_work_folder(function(work)
    return change_and_write(call, package, params, work)
  end)
  package:close()
  return result, failure
end

local function show_edit(params, result, out)
  if params.operation == 'manifest' then
    out:write(json.encode(result.manifest, { pretty = true }) .. '\n')
  end
  out:line(('written: %s, root hash %s'):format(result.file, result.commitment.rootSighashHex))
end

M.edit = rpc.from_fn_async(edit)
  :with_params({
    file = t.string{ positional = 1, complete = 'file', help = 'help.arg.package-source' },
    operation = t.enum{ 'manifest', 'add-image', 'put', 'remove', positional = 2,
      help = 'help.arg.edit-operation' },
    subject = t.string{ positional = 3, help = 'help.arg.edit-subject' },
    from = t.optional(t.path{ conflicts_with = { 'dockerBuild', 'dockerTag' },
      help = 'help.arg.edit-from' }),
    dockerBuild = add_image.PARAMS.dockerBuild, dockerfile = add_image.PARAMS.dockerfile,
    workdir = add_image.PARAMS.workdir, dockerTag = add_image.PARAMS.dockerTag,
    arch = add_image.PARAMS.arch, emulateMissingAs = add_image.PARAMS.emulateMissingAs,
    nvidiaContainer = add_image.PARAMS.nvidiaContainer,
    output = t.optional(t.path{ short = 'o', help = 'help.arg.output' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
    key = signer.PARAMS.key, signCommand = signer.PARAMS.signCommand,
    signTimeout = signer.PARAMS.signTimeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show_edit)
  :with_about('about.s9pk.edit')

return M
