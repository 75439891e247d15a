--- `moon-cli s9pk publish`: uploads a package and tells a registry where it is.
local display = require('lib.display')
local errc = require('engine.errc')
local fetch = require('engine.fetch')
local json = require('engine.json')
local list = require('lib.list')
local rpc = require('lib.rpc')
local signed_header = require('core.auth.signed_header')
local signer = require('core.s9pk.signer')
local source = require('core.s9pk.source')
local t = rpc.types

local function describe(params)
  local package, err = source.open(params.file, params)
  if not package then return nil, err end
  local report, wrong = package:verify({ level = 'package' })
  local manifest = package:manifest()
  local commitment, size = package:commitment(), package:size()
  package:close()
  if not report then return nil, wrong end
  return { id = manifest.id, version = manifest.version, commitment = commitment, size = size }
end

--- BASE/ID/VERSION/FILE; a flavour's leading # would end the path of a URL.
local function address(base, package, name)
  return ('%s/%s/%s/%s'):format((base:gsub('/+$', '')), package.id,
    (package.version:gsub('^#', '')), name:match('[^/]+$'))
end

local function upload(call, params, url)
  local answer, err = fetch.send({ method = 'PUT', url = url, file = params.file,
    cacert = params.cacert, timeout = params.timeout,
    headers = { ['Content-Type'] = 'application/octet-stream' },
    progress = source.progress(call, 'uploading') })
  call.ctx.progress(nil)
  if not answer then return nil, err end
  if answer.status >= 200 and answer.status < 300 then return true end
  local what = ('uploading to %s: the server answers with status %d')
    :format(source.shown(url), answer.status)
  return nil, errc.new('registry', what,
    { hint = 'check the address and that it takes PUT requests' })
end

--- What is published must be what lies there: every byte is read back.
local function read_back(call, url, params, commitment)
  local package, err = source.open(url, params, commitment)
  if not package then return nil, err end
  local report, wrong = package:verify({ level = 'archive',
    progress = source.progress(call, 'reading back') })
  package:close()
  call.ctx.progress(nil)
  if not report then return nil, wrong end
  return true
end

local function ask_registry(registry, who, params, access)
  local body = json.encode({ jsonrpc = '2.0', id = 1, method = 'package.add', params = params })
  local host = registry:match('^%w+://%[?([^/%]:]+)')
  local header, err = signed_header.value(body, host, who)
  if not header then return nil, err end
  local answer, wrong = fetch.send({ url = (registry:gsub('/+$', '')) .. '/rpc/v0', body = body,
    cacert = access.cacert, timeout = access.timeout,
    headers = { ['Content-Type'] = 'application/json', [signed_header.NAME] = header } })
  if not answer then return nil, wrong end
  local reply = json.decode(answer.body)
  if type(reply) ~= 'table' then
    return nil, errc.new('registry',
      ('%s is no registry: it answers with status %d and no JSON')
        :format(source.shown(registry), answer.status))
  end
  local failure = reply.error
  if type(failure) ~= 'table' then return true end
  local more = type(failure.data) == 'string' and failure.data
    or type(failure.data) == 'table' and failure.data.details or failure.message
  return nil, errc.new('registry', ('%s refuses the package: %s')
    :format(source.shown(registry), tostring(more)))
end

local function collect_urls(call, params, package)
  local urls = list.append(json.array(), params.url)
  if params.upload then
    local url = address(params.upload, package, params.file)
    local fine, err = upload(call, params, url)
    if not fine then return nil, err end
    -- The way in is the author's; others are told the address alone.
    urls[#urls + 1] = source.without_login(url)
  end
  if #urls > 0 then return urls end
  return source.usage('nobody knows where the package will be found',
    'name where it lies with --url URL, or where it shall be put with --upload BASE')
end

local function publish(call, params)
  local package, err = describe(params)
  if not package then return nil, err end
  local who, unsigned = signer.choose(params)
  if not who then return nil, unsigned end
  local urls, wrong = collect_urls(call, params, package)
  if not urls then return nil, wrong end
  for _, url in ipairs(params.noVerify and {} or urls) do
    local fine, failure = read_back(call, url, params, package.commitment)
    if not fine then return nil, failure end
  end
  local made, refused = signer.sign(who, signer.CONTEXT, signer.message(package.commitment))
  if not made then return nil, refused end
  local commitment = { rootSighash = package.commitment.rootSighash,
    rootMaxsize = package.commitment.rootMaxsize }
  local added, problem = ask_registry(params.registry, who,
    { urls = urls, commitment = commitment, signature = made.signature }, params)
  if not added then return nil, problem end
  return { id = package.id, version = package.version, size = package.size, urls = urls,
    commitment = commitment, registry = source.shown(params.registry) }
end

local function show(_params, result, out)
  out:line(('published: %s %s, %s'):format(result.id, result.version, display.bytes(result.size)))
  for _, url in ipairs(result.urls) do
    out:line('  ' .. source.shown(url))
  end
end

return rpc.from_fn_async(publish)
  :with_params({
    file = t.path{ positional = true, help = 'help.arg.package-file' },
    registry = t.string{ help = 'help.arg.publish-registry' },
    url = t.array{ of = t.string, default = {}, help = 'help.arg.publish-url' },
    upload = t.optional(t.string{ help = 'help.arg.publish-upload' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
    noVerify = t.flag{ help = 'help.arg.publish-no-verify' },
    key = signer.PARAMS.key,
    signCommand = signer.PARAMS.signCommand,
    signTimeout = signer.PARAMS.signTimeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.publish')
