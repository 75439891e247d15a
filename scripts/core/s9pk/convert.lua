--- `moon-cli s9pk convert`: a package of version 2 from one of version 1; or a package rewritten in
--- the order that is read best. What is copied is verified on the way.
local crypto = require('engine.crypto')
local display = require('lib.display')
local file = require('engine.file')
local legacy = require('core.s9pk.legacy')
local rpc = require('lib.rpc')
local signer = require('core.s9pk.signer')
local source = require('core.s9pk.source')
local tool = require('core.s9pk.image.tool')
local write = require('core.s9pk.write')
local t = rpc.types

local M = {}

local function say(call)
  return function(step) call.ctx.progress(('converting: %s'):format(step)) end
end

local function written(output, commitment)
  local status = file.stat(output)
  return { file = output, size = status and status.size, commitment = commitment }
end

local function rewrite(call, package, params, output)
  local commitment, err = package:rewrite(output, { arch = params.arch,
    progress = source.progress(call, 'writing') })
  call.ctx.progress(nil)
  if not commitment then return nil, err end
  return written(output, commitment)
end

--- Makes a package of version 2 of one of version 1. *async*
local function make(call, package, who, output, arch)
  local made, err = tool.in_work_folder(function(work)
    local job = { package = package, old = package:manifest(), work = work, arch = arch,
      say = say(call) }
    local entries, wrong = legacy.entries(job)
    if not entries then return nil, wrong end
    local function bar(title) return source.progress(call, title) end
    return write({ signer = who, output = output, bar = bar, entries = entries })
  end)
  call.ctx.progress(nil)
  return made, err
end

local function convert_legacy(call, params, output)
  local package, err = legacy.open(call, params.file, params)
  if not package then return nil, err end
  local who, unsigned = signer.choose(params, true)
  if not who then return nil, unsigned end
  local made, wrong = make(call, package, who, output, params.arch)
  package:close()
  if not made then return nil, wrong end
  local result = written(output, made.commitment)
  result.warnings, result.key = made.report.warnings, who.key and who.key.path
  result.keyCreated, result.note = who.created, legacy.NOTE
  return result
end

local function convert(call, params)
  if source.is_url(params.file) and not params.output then
    return source.usage('a package on a web server cannot be rewritten there', 'name --output FILE')
  end
  local output = params.output or params.file
  local package, err = source.open(params.file, params)
  if not package and legacy.is_other_version(err) then
    return convert_legacy(call, params, output)
  end
  if not package then return nil, err end
  local result, wrong = rewrite(call, package, params, output)
  package:close()
  return result, wrong
end

--- Runs `fn` on what the package of version 1 would be in version 2. It is signed by nobody who
--- stays. *async*
---@param call table
---@param params {file: string, cacert: string?, timeout: number?}
---@param fn fun(path: string): any, engine.Error?
---@return any result
---@return engine.Error? err
---@async
function M.for_a_while(call, params, fn)
  local package, err = legacy.open(call, params.file, params)
  if not package then return nil, err end
  local result, wrong = tool.in_work_folder(function(work)
    local key, output = work .. '/key.pem', work .. '/converted.s9pk'
    local public, no_key = crypto.keygen(key)
    if not public then return nil, no_key end
    local made, failure = make(call, package, { key = { path = key } }, output)
    if not made then return nil, failure end
    return fn(output)
  end)
  package:close()
  return result, wrong
end

local function show(_params, result, out)
  signer.show(result, out)
  out:line(('written: %s, %s, root hash %s'):format(result.file, display.bytes(result.size),
    result.commitment.rootSighashHex))
  if result.note then out:line('note: ' .. result.note) end
end

M.command = rpc.from_fn_async(convert)
  :with_params({
    file = t.string{ positional = true, complete = 'file', help = 'help.arg.package-source' },
    output = t.optional(t.path{ short = 'o', help = 'help.arg.output' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
    arch = t.optional(t.string{ help = 'help.arg.convert-arch' }),
    key = signer.PARAMS.key, signCommand = signer.PARAMS.signCommand,
    signTimeout = signer.PARAMS.signTimeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.convert')
  :with_examples('s9pk convert old.s9pk -o new.s9pk', 's9pk convert app.s9pk --arch x86_64')

return M
