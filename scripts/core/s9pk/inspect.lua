--- `moon-cli s9pk inspect`, `cat`: what is in a package. Nothing is shown that was not verified.
local convert = require('core.s9pk.convert')
local dependencies = require('core.s9pk.dependencies')
local display = require('lib.display')
local i18n = require('lib.i18n')
local json = require('engine.json')
local legacy = require('core.s9pk.legacy')
local list = require('lib.list')
local names = require('lib.names')
local rpc = require('lib.rpc')
local source = require('core.s9pk.source')
local t = rpc.types

local M = {}

local package_source = t.string{ positional = 1, complete = 'file',
  help = 'help.arg.package-source' }

local function with_file(name, params, fn)
  local package, err = source.open(name, params)
  if not package then return nil, err end
  local result, wrong = fn(package)
  package:close()
  return result, wrong
end

--- Runs `fn` on an opened package and closes it; on what a package of version 1 is converted to.
--- *async*
local function with_package(call, params, fn)
  local result, err = with_file(params.file, params, fn)
  if result ~= nil or not legacy.is_other_version(err) then return result, err end
  return convert.for_a_while(call, params, function(path) return with_file(path, params, fn) end)
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

--- The packages it depends on, by id, with what it tells about them.
local function dependencies_of(package, manifest, entries)
  local found = {}
  local known = type(manifest) == 'table' and manifest.dependencies
  for id, info in pairs(type(known) == 'table' and known or {}) do
    local told = dependencies.described(package, id, entries)
    told.optional = type(info) == 'table' and info.optional
    found[id] = told
  end
  return found
end

--- A package of version 1 as it is, which takes no conversion.
local function legacy_overview(call, params)
  local package, err = legacy.open(call, params.file, params)
  if not package then return nil, err end
  local result = { file = source.shown(params.file), size = package:size(), version = 1,
    manifest = package:manifest(), signer = package:signer(), tree = package:list() }
  package:close()
  return result
end

local function overview(call, params)
  local result, err = with_file(params.file, params, function(package)
    local entries, err = package:list()
    if not entries then return nil, err end
    local manifest, icon = package:manifest(), dependencies.icon_entry(entries)
    return { file = source.shown(params.file), size = package:size(), version = 2,
      manifest = manifest,
      signer = package:signer(), commitment = package:commitment(),
      icon = icon and icon.path or json.null,
      dependencies = dependencies_of(package, manifest, entries), tree = entries }
  end)
  if result or not legacy.is_other_version(err) then return result, err end
  return legacy_overview(call, params)
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
  local _, err = with_package(call, params, function(package) return package:print(params.path) end)
  return nil, err
end

local function inspect(call, params)
  if not params.view then return overview(call, params) end
  if params.view == 'cat' then return cat(call, params) end
  -- A commitment belongs to what is signed, and nobody stands for what was converted for a while.
  if params.view == 'commitment' then return with_file(params.file, params, VIEWS.commitment) end
  return with_package(call, params, VIEWS[params.view])
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

--- One row for each dependency: its title, and whether the package can do without it.
local function dependency_rows(result)
  local rows = {}
  for _, id in ipairs(names.sorted_keys(result.dependencies or {})) do
    local told = result.dependencies[id]
    local title = told.title ~= json.null and i18n.choose(told.title, i18n.pick(os.getenv))
    rows[#rows + 1] = { 'depends on', ('%s%s%s'):format(id, title and (' (%s)'):format(title) or '',
      told.optional and ', optional' or '') }
  end
  return rows
end

--- What holds for a package of version 2 alone.
local function commitment_rows(result)
  if result.version == 1 then
    return { { 'format', 'version 1; moon-cli s9pk convert makes version 2 of it' } }
  end
  return { { 'root hash', result.commitment.rootSighashHex },
    { 'rootSighash', result.commitment.rootSighash },
    { 'rootMaxsize', result.commitment.rootMaxsize } }
end

local function show_overview(result, out)
  local manifest = result.manifest or {}
  local rows = {
    { 'package', manifest.id and ('%s %s'):format(manifest.id, manifest.version) or 'no manifest' },
    { 'title', manifest.title }, { 'license', manifest.license },
    { 'git hash', manifest.gitHash or manifest['git-hash'] }, { 'file', result.file },
    { 'size', display.bytes(result.size) },
    { 'signer', (result.signer:gsub('%-%-%-%-%-[^\n]*\n?', ''):gsub('%s+', '')) },
  }
  list.append(rows, commitment_rows(result))
  if result.icon and result.icon ~= json.null then rows[#rows + 1] = { 'icon', result.icon } end
  list.append(rows, dependency_rows(result))
  out:block(rows)
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
  :with_examples('s9pk inspect hello-world.s9pk', 's9pk inspect hello-world.s9pk --format json')

M.cat = rpc.from_fn_async(cat)
  :with_params({ file = package_source,
    path = t.string{ positional = 2, help = 'help.arg.member' },
    cacert = source.PARAMS.cacert, timeout = source.PARAMS.timeout })
  :with_context('CliContext')
  :no_display()
  :with_about('about.s9pk.cat')

M.extract = rpc.from_fn_async(function(call, params)
  local report, err = with_package(call, params, function(package)
    return package:extract_all(params.folder, { progress = source.progress(call, 'extracting') })
  end)
  call.ctx.progress(nil)
  return report, err
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
