--- `moon-cli s9pk edit`, `convert`: packages from packages. What is copied is verified on the way.
local display = require('lib.display')
local errc = require('engine.errc')
local file = require('engine.file')
local json = require('engine.json')
local rpc = require('lib.rpc')
local signer = require('core.s9pk.signer')
local source = require('core.s9pk.source')
local archive = require('engine.archive')
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

local OPERATIONS = {}

function OPERATIONS.manifest(package, params)
  local manifest, err = package:manifest()
  if not manifest then return nil, err end
  local patch, wrong = read_patch(params.subject)
  if not patch then return nil, wrong end
  local changed, failure = apply(manifest, patch)
  if not changed then return nil, failure end
  local good, invalid = archive.check_manifest(changed)
  if not good then return nil, invalid end
  return { entries = { { path = MANIFEST, data = json.encode(changed) } }, manifest = changed }
end

function OPERATIONS.put(_package, params)
  if not params.from then
    return source.usage('edit put needs the file to take',
      'moon-cli s9pk edit PACKAGE put PATH --from FILE')
  end
  return { entries = { { path = params.subject, file = params.from } } }
end

function OPERATIONS.remove(_package, params)
  return { entries = {}, remove = { params.subject } }
end

local function write(call, package, params, change)
  local who, err = signer.choose(params, true)
  if not who then return nil, err end
  local output = params.output or params.file
  local temporary = output .. '.tmp'
  local commitment, wrong = signer.write(who, { output = temporary, base = package,
    entries = change.entries, remove = change.remove,
    progress = source.progress(call, 'writing') })
  call.ctx.progress(nil)
  if not commitment then return nil, wrong end
  local fine, failure = file.rename(temporary, output)
  if not fine then return nil, failure end
  return { file = output, commitment = commitment, manifest = change.manifest }
end

local function edit(call, params)
  local package, err = source.open(params.file, params)
  if not package then return nil, err end
  if source.is_url(params.file) and not params.output then
    return source.usage('a package on a web server cannot be rewritten there', 'name --output FILE')
  end
  local change, wrong = OPERATIONS[params.operation](package, params)
  local result
  if change then
    result, wrong = write(call, package, params, change)
  end
  package:close()
  return result, wrong
end

local function show_edit(_params, result, out)
  if result.manifest then out:write(json.encode(result.manifest, { pretty = true }) .. '\n') end
  out:line(('written: %s, root hash %s'):format(result.file, result.commitment.rootSighashHex))
end

M.edit = rpc.from_fn_async(edit)
  :with_params({
    file = t.string{ positional = 1, complete = 'file', help = 'help.arg.package-source' },
    operation = t.enum{ 'manifest', 'put', 'remove', positional = 2,
      help = 'help.arg.edit-operation' },
    subject = t.string{ positional = 3, help = 'help.arg.edit-subject' },
    from = t.optional(t.path{ help = 'help.arg.edit-from' }),
    output = t.optional(t.path{ short = 'o', help = 'help.arg.output' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
    key = signer.PARAMS.key, signCommand = signer.PARAMS.signCommand,
    signTimeout = signer.PARAMS.signTimeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show_edit)
  :with_about('about.s9pk.edit')

local function convert(call, params)
  if source.is_url(params.file) and not params.output then
    return source.usage('a package on a web server cannot be rewritten there', 'name --output FILE')
  end
  local package, err = source.open(params.file, params)
  if not package then return nil, err end
  local output = params.output or params.file
  local commitment, wrong = package:rewrite(output, { arch = params.arch,
    progress = source.progress(call, 'writing') })
  package:close()
  call.ctx.progress(nil)
  if not commitment then return nil, wrong end
  local status = file.stat(output)
  return { file = output, size = status and status.size, commitment = commitment }
end

local function show_convert(_params, result, out)
  out:line(('written: %s, %s, root hash %s'):format(result.file, display.bytes(result.size),
    result.commitment.rootSighashHex))
end

M.convert = rpc.from_fn_async(convert)
  :with_params({
    file = t.string{ positional = true, complete = 'file', help = 'help.arg.package-source' },
    output = t.optional(t.path{ short = 'o', help = 'help.arg.output' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
    arch = t.optional(t.string{ help = 'help.arg.convert-arch' }),
  })
  :with_context('CliContext')
  :with_custom_display_fn(show_convert)
  :with_about('about.s9pk.convert')

return M
