--- `moon-cli s9pk inspect`, `cat`: what is in a package. Nothing is shown that was not verified.
local display = require('lib.display')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local t = rpc.types

local M = {}

local package_source = t.string{ positional = 1, complete = 'file',
  help = 'help.arg.package-source' }

--- Runs `fn` on an opened package and closes it. *async*
local function with_package(params, fn)
  local package, err = source.open(params.file, params)
  if not package then return nil, err end
  local result, wrong = fn(package)
  package:close()
  return result, wrong
end

-- What `inspect PACKAGE WORD` gives.
local VIEWS = {
  ['file-tree'] = function(package)
    local entries, err = package:list()
    if not entries then return nil, err end
    local paths = {}
    for i, entry in ipairs(entries) do
      paths[i] = entry.path .. (entry.type == 'directory' and '/' or '')
    end
    return paths
  end,
  manifest = function(package) return package:manifest() end,
  commitment = function(package) return package:commitment() end,
}

local function overview(params)
  return with_package(params, function(package)
    local entries, err = package:list()
    if not entries then return nil, err end
    return { file = source.shown(params.file), size = package:size(), manifest = package:manifest(),
      signer = package:signer(), commitment = package:commitment(), tree = entries }
  end)
end

--- Prints bytes, so there is no result to print.
local function cat(call, params)
  if not params.path then
    return source.usage('name the file to print',
      ('moon-cli s9pk inspect %s file-tree lists them'):format(params.file))
  end
  if call.format ~= nil and call.format ~= 'table' then
    return source.usage(('the bytes of a file have no format %s'):format(call.format))
  end
  local _, err = with_package(params, function(package) return package:print(params.path) end)
  return nil, err
end

local function inspect(call, params)
  if not params.view then return overview(params) end
  if params.view == 'cat' then return cat(call, params) end
  return with_package(params, VIEWS[params.view])
end

local function tree_rows(entries)
  local rows = {}
  for i, entry in ipairs(entries) do
    local depth = select(2, entry.path:gsub('/', ''))
    local name = ('%s%s'):format(('  '):rep(depth), entry.path:match('[^/]+$'))
    local is_folder = entry.type == 'directory'
    local size = entry.type == 'missing' and 'left out' or display.bytes(entry.size)
    rows[i] = { name = name .. (is_folder and '/' or ''), size = is_folder and '' or size,
      hash = entry.hash:sub(1, 16) }
  end
  return rows
end

local function show_overview(result, out)
  local manifest = result.manifest or {}
  out:block({
    { 'package', manifest.id and ('%s %s'):format(manifest.id, manifest.version) or 'no manifest' },
    { 'title', manifest.title }, { 'license', manifest.license },
    { 'git hash', manifest.gitHash }, { 'file', result.file },
    { 'size', display.bytes(result.size) },
    { 'signer', (result.signer:gsub('%-%-%-%-%-[^\n]*\n?', ''):gsub('%s+', '')) },
    { 'root hash', result.commitment.rootSighashHex },
    { 'rootSighash', result.commitment.rootSighash },
    { 'rootMaxsize', result.commitment.rootMaxsize },
  })
  out:line('')
  out:table({ { key = 'name' }, { key = 'size', align = 'right' }, { key = 'hash' } },
    tree_rows(result.tree))
end

local function show(params, result, out)
  if not params.view then return show_overview(result, out) end
  if params.view == 'file-tree' then
    for _, path in ipairs(result) do
      out:line(path)
    end
  elseif params.view ~= 'cat' then
    out:value(result)
  end
end

M.command = rpc.from_fn_async(inspect)
  :with_params({
    file = package_source,
    view = t.optional(t.enum{ 'file-tree', 'cat', 'manifest', 'commitment', positional = 2,
      help = 'help.arg.inspect-view' }),
    path = t.optional(t.string{ positional = 3, help = 'help.arg.member' }),
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout,
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.s9pk.inspect')

M.cat = rpc.from_fn_async(cat)
  :with_params({ file = package_source,
    path = t.string{ positional = 2, help = 'help.arg.member' },
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout })
  :with_context('CliContext')
  :no_display()
  :with_about('about.s9pk.cat')

M.extract = rpc.from_fn_async(function(_call, params)
  return with_package(params, function(package) return package:extract_all(params.folder) end)
end)
  :with_params({ file = package_source,
    folder = t.path{ positional = 2, help = 'help.arg.extract-folder' },
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout })
  :with_context('CliContext')
  :with_custom_display_fn(function(params, done, out)
    out:line(('%d files, %s, in %s'):format(done.files, display.bytes(done.bytes), params.folder))
  end)
  :with_about('about.s9pk.extract')

return M
