--- `moon-cli s9pk verify`: is this package what it says it is?
local display = require('lib.display')
local errc = require('engine.errc')
local json = require('engine.json')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local t = rpc.types

local BAD, USAGE = 1, 2

--- 64 hex digits, or 43 characters of base64 with or without padding.
local function is_root_hash(text)
  return type(text) == 'string' and (#text == 64 and text:find('^%x+$') ~= nil
    or #text:gsub('=$', '') == 43 and text:find('^[%w+/]+=?$') ~= nil)
end

local function is_commitment(value)
  return type(value) == 'table' and is_root_hash(value.rootSighash)
    and type(value.rootMaxsize) == 'number' and value.rootMaxsize >= 0
    and value.rootMaxsize % 1 == 0
end

--- What `--commitment` says: a root hash, or the JSON object registries publish.
local function read_commitment(text)
  if text == nil or is_root_hash(text) then return text end
  local value = text:find('^%s*{') and json.decode(text)
  if is_commitment(value) then return value end
  return source.usage(("--commitment: '%s' is no commitment"):format(text),
    'give the root hash (64 hex digits or 43 characters of base64) or '
      .. '{"rootSighash":HASH,"rootMaxsize":BYTES}')
end

local function judge(call, name, params, commitment)
  local level = params.level
  local package, err = source.open(name, params, commitment)
  if not package then return nil, err end
  local report, wrong = package:verify({ level = level, commitment = commitment,
    progress = source.progress(call, 'verifying') })
  local own, signer = package:commitment(), package:signer()
  package:close()
  call.ctx.progress(nil)
  if not report then return nil, wrong end
  return { ok = true, level = level, commitment = own, signer = signer, files = report.files,
    bytes = report.bytes, warnings = report.warnings }
end

--- The verdict on a bad package, as programs read it.
local function refusal(err)
  local place = err.details or {}
  return { ok = false, rule = place.rule or 'source', path = place.path or json.null,
    offset = place.offset or json.null, message = err.message }
end

--- The same for people: an error that says where.
local function explained(err)
  local place = err.details or {}
  if not place.rule then return err end
  local where = place.offset and (', at byte %.0f of the file'):format(place.offset) or ''
  return errc.new(err.code, ('%s (rule %s%s)'):format(err.message, place.rule, where),
    { hint = err.hint, details = place })
end

local function is_for_people(call) return call.format == nil or call.format == 'table' end

--- Good is 0 and bad is 1, whatever kind of bad; what could not be judged is a usage error.
local function verify(call, params)
  local name = params.url or params.file
  local commitment, verdict, err
  if name == nil or (params.url and params.file) then
    verdict, err = source.usage('one package is verified: name its file or its URL')
  elseif params.url and not source.is_url(params.url) then
    verdict, err = source.usage(("--url: '%s' is no URL"):format(params.url),
      'it begins with http:// or https://')
  else
    commitment, err = read_commitment(params.commitment)
  end
  if not err then verdict, err = judge(call, name, params, commitment) end
  if verdict then
    if not is_for_people(call) then verdict.warnings = nil end
    return verdict
  end
  call.ctx.exit(source.is_verdict(err) and BAD or USAGE)
  if source.is_verdict(err) and not is_for_people(call) then return refusal(err) end
  return nil, explained(err)
end

local function show(params, verdict, out)
  for _, warning in ipairs(verdict.warnings) do
    out:line('warning: ' .. warning)
  end
  out:line(('good: %s, level %s, %d files, %s'):format(source.shown(params.url or params.file),
    verdict.level, verdict.files, display.bytes(verdict.bytes)))
  out:line(('root hash %s'):format(verdict.commitment.rootSighashHex))
end

return rpc.from_fn_async(verify)
  :with_params({
    file = t.optional(t.string{ positional = true, complete = 'file',
      help = 'help.arg.package-source' }),
    url = t.optional(t.string{ help = 'help.arg.package-url' }),
    level = t.enum{ 'archive', 'open', 'package', default = 'package', help = 'help.arg.level' },
    commitment = t.optional(t.string{ help = 'help.arg.commitment' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.verify')
  :with_examples('s9pk verify hello-world.s9pk', 's9pk verify --level archive hello-world.s9pk')
