--- `moon-cli script check`: what is wrong with the scripts, without a daemon.
local file = require('engine.file')
local i18n = require('lib.i18n')
local json = require('engine.json')
local lint = require('lib.lint')
local loop = require('engine.loop')
local rpc = require('lib.rpc')
local scratch = require('engine.scratch')
local sources = require('core.script.sources')
local t = rpc.types

local M = {}

local BAD = 1

-- What specs find beside the globals of every script.
local SPEC_GLOBALS = { 'describe', 'it', 'before_each', 'after_each', 'expect', 'call', 'clock',
  'data_dir', 'eventually' }

local function globals_of(spec)
  local globals = {}
  for name, value in pairs(_G) do
    globals[name] = value
  end
  for _, name in ipairs(spec and SPEC_GLOBALS or {}) do
    globals[name] = true
  end
  return globals
end

local function add(scan, source, problem)
  problem.file, problem.path = source.name, source.path
  scan.problems[#scan.problems + 1] = problem
end

-- Seconds. What a file of data says is there at once, or it computes without end.
local PATIENCE = 1

--- What a file of data returns. Loading the scripts tells what is wrong with it; one that computes
--- without end is not loaded again for that. *async*
local function load_table(scan, name, text)
  local chunk = load(text, '@' .. name, 't', {})
  if not chunk then return {} end
  local value, err = loop.spawn(chunk, { name = name, slice = PATIENCE }):join()
  if value == nil and type(err) == 'table' and err.code == 'timeout' then
    add(scan, { name = name, path = scan.paths[name] }, { line = 1, column = 1,
      severity = 'error', message = 'the file computes without end' })
    scan.broken = true
  end
  return type(value) == 'table' and value or {}
end

--- Whether this program can say what an engine module has: those of containers are not here.
local function engine_module(name, manifest)
  local fine, loaded = pcall(require, name)
  if fine then return loaded end
  for _, modules in pairs(manifest.requires or {}) do
    for _, known in ipairs(modules) do
      if known == name then return true end
    end
  end
  return nil
end

local function find_module(scan)
  return function(name)
    if name:find('^engine%.') then return engine_module(name, scan.manifest) end
    return scan.modules[name] or nil
  end
end

local function allowed_in(scan, source)
  local list = (scan.manifest.requires or {})[source.name:match('^([^/]+)/')]
  if not list or source.spec then return nil end
  return function(name)
    for _, allowed in ipairs(list) do
      if allowed == name then return true end
    end
    return false
  end
end

local function catalogs_of(scan)
  local catalogs, added = {}, {}
  for _, locale in ipairs(i18n.LOCALES) do
    local name = ('locales/%s.lua'):format(locale)
    local text = scan.texts[name]
    catalogs[locale] = text and load_table(scan, name, text) or {}
  end
  for name, text in pairs(scan.texts) do
    if name:find('^extensions/locales/') then
      local messages = load_table(scan, name, text).en_US
      for key in pairs(type(messages) == 'table' and messages or {}) do
        added[key] = true
      end
    end
  end
  return catalogs, added
end

--- The first locale that lacks a key; what extensions add needs en_US only.
local function key_check(scan)
  local catalogs, added = catalogs_of(scan)
  return function(key)
    if added[key] then return nil end
    for _, locale in ipairs(i18n.LOCALES) do
      if not catalogs[locale][key] then return locale end
    end
    return nil
  end
end

local function check_syntax(scan, source, text)
  local chunk, message = load(text, '@' .. source.name)
  if chunk then return true end
  local line, rest = tostring(message):match(':(%d+): (.*)$')
  add(scan, source, { line = tonumber(line) or 1, column = 1, severity = 'error',
    message = rest or tostring(message) })
  scan.broken = true
  return false
end

local function check_text(scan, source)
  local text = scan.texts[source.name]
  if not text or not check_syntax(scan, source, text) or not source.mine then return end
  local fine, found = pcall(lint.check, text, { globals = globals_of(source.spec),
    modules = find_module(scan), allows = allowed_in(scan, source), has_key = scan.has_key,
    is_key = i18n.is_key, mend_key = i18n.mend })
  for _, problem in ipairs(fine and found or {}) do
    add(scan, source, problem)
  end
end

--- The text says it with its own line, which is the better one: a chain is checked as a whole.
local function is_known(scan, problem)
  for _, other in ipairs(scan.problems) do
    if other.file == problem.file and other.severity == 'error'
      and (other.line == problem.line or other.message:find(problem.message, 1, true) == 1) then
      return true
    end
  end
  return false
end

--- Loads everything as the daemon does; what the first pass has said already is not said again.
local function check_load(scan, roots)
  local report, err = scratch.check(roots)
  if not report then return nil, err end
  scan.methods = report.methods
  for _, problem in ipairs(report.problems) do
    if not is_known(scan, problem) then
      problem.column, problem.severity = 1, 'error'
      add(scan, { name = problem.file, path = (scan.paths or {})[problem.file] }, problem)
    end
  end
  return true
end

local NO_SCRIPTS = { directory = 'a folder', other = 'a device, pipe or socket' }

--- A pipe or a folder in the place of a script is told of, and not waited for.
local function read_one(source)
  local facts, err = file.stat(source.path, { follow = true })
  if facts and facts.type ~= 'file' then
    return nil, { message = ('a script is a file, this is %s'):format(
      NO_SCRIPTS[facts.type] or facts.type) }
  elseif not facts then
    return nil, err
  end
  return file.read(source.path)
end

local function read_all(list)
  local scan = { problems = {}, texts = {}, modules = {}, paths = {}, files = 0 }
  for _, source in ipairs(list) do
    local text, err = read_one(source)
    if text then
      scan.texts[source.name], scan.paths[source.name] = text, source.path
    else
      add(scan, source, { line = 1, column = 1, severity = 'error', message = err.message })
      scan.broken = true
    end
    if not source.spec then scan.modules[source.module] = true end
    if source.mine then scan.files = scan.files + 1 end
  end
  return scan
end

local function by_place(a, b)
  if a.file ~= b.file then return a.file < b.file end
  if a.line ~= b.line then return a.line < b.line end
  if a.column ~= b.column then return a.column < b.column end
  return a.message < b.message
end

--- Checks the scripts of the roots. *async*
---@param roots engine.scratch.Roots
---@return {problems: table[], methods: integer?, files: integer}? report
---@return engine.Error? err
---@async
function M.run(roots)
  local list, err = sources.list(roots)
  if not list then return nil, err end
  local scan = read_all(list)
  local manifest = file.read(roots.shipped .. '/../package.lua')
  scan.manifest = load_table(scan, 'package.lua', manifest or '')
  scan.has_key = key_check(scan)
  for _, source in ipairs(list) do
    check_text(scan, source)
  end
  if not scan.broken then
    local loaded, problem = check_load(scan, roots)
    if not loaded then return nil, problem end
  end
  table.sort(scan.problems, by_place)
  return { problems = json.array(scan.problems), methods = scan.methods, files = scan.files }
end

local function check(call, params)
  local roots, err = sources.roots(call, params.directory)
  if not roots then return nil, err end
  local report, failure = M.run(roots)
  if not report then return nil, failure end
  if #report.problems > 0 then call.ctx.exit(BAD) end
  return report
end

local function plural(count, noun)
  return ('%d %s%s'):format(count, noun, count == 1 and '' or 's')
end

local function show(_params, report, out)
  for _, problem in ipairs(report.problems) do
    local mend = problem.mend and (' (%s)'):format(problem.mend) or ''
    out:line(('%s:%d:%d: %s%s'):format(problem.file, problem.line, problem.column, problem.message,
      mend))
  end
  if #report.problems > 0 then
    out:line(plural(#report.problems, 'problem'))
  else
    out:line(('good: %s, %s'):format(plural(report.files, 'file'),
      plural(report.methods or 0, 'method')))
  end
end

M.command = rpc.from_fn_async(check)
  :with_params({
    directory = t.optional(t.path{ positional = true, help = 'help.arg.script-dir' }),
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.script.check')

return M
