--- Runs the specs of a package without a container: `moon-cli s9pk test DIR`.
---
--- Volumes are directories under a temporary one. Effects are recorded and answered from a table;
--- nothing is executed. Specs reach all this by `require('moonbox.testing')`.
local context = require('runtime.context')
local effects_of = require('runtime.effects')
local file = require('engine.file')
local json = require('engine.json')
local module = require('engine.module')
local procedure = require('runtime.procedure')
local sdk = require('runtime.sdk')
local setup = require('runtime.setup')
local spec = require('lib.spec')
local world = require('runtime.world')

local M = {}

---@class runtime.Fake
---@field calls {method: string, params: table}[]
---@field answers table<string, any|fun(params: table): any, any>
---@field tree engine.module.Tree
---@field manifest table
local fake

--- A package as the runtime sees it.
---@class runtime.TestPackage
local Package = {}
Package.__index = Package

local testing = {}

local function default_answer(method, params)
  if method == 'get-data-version' then return fake.version end
  if method == 'get-service-manifest' then return fake.manifest end
  if method == 'set-data-version' then fake.version = params.version end
  if method == 'subcontainer.create-fs' then
    return { world.media .. '/subcontainers/' .. params.imageId, params.imageId }
  end
  return nil
end

local function call(method, params)
  fake.calls[#fake.calls + 1] = { method = method, params = params }
  local answer = fake.answers[method]
  if type(answer) == 'function' then return answer(params) end
  if answer ~= nil then return answer end
  return default_answer(method, params)
end

--- Loads the package afresh, with empty volumes and no recorded calls.
---@return runtime.TestPackage
function testing.package()
  fake.calls, fake.answers, fake.version = {}, {}, nil
  file.remove(world.media, { recursive = true })
  local exports = fake.load()
  return setmetatable({ exports = exports, context = context.new('spec') }, Package)
end

--- The parameters of every recorded call of an effect.
---@param method string as on the wire: 'action.export'
---@return table[]
function testing.effects(method)
  local found = {}
  for _, entry in ipairs(fake.calls) do
    if entry.method == method then found[#found + 1] = entry.params end
  end
  return found
end

--- What an effect is to answer in this test.
---@param method string
---@param value any|fun(params: table): any, any
function testing.answer(method, value) fake.answers[method] = value end

--- The volumes (or other sources) a daemon's subcontainer mounts, by path.
---@param entry runtime.Daemon
---@return table<string, string>
function testing.mounts(entry)
  local out = {}
  for _, mount in ipairs(entry.opts.subcontainer.mounts) do
    out[mount.target] = mount.source:match('([^/]+)$')
  end
  return out
end

local function args_of(self)
  return { effects = effects_of.of(self.context), event_id = 'spec' }
end

--- *async*
---@param kind 'install'|'update'|'restore'|nil
function Package:init(kind)
  local ok, err = setup.init(self.exports, args_of(self).effects, kind)
  if not ok then error(err, 0) end
end

--- The daemon set; nothing of it is started. *async*
---@return runtime.DaemonSet
function Package:main() return sdk.check(self.exports.main(args_of(self))) end

local function run(self, path, input)
  local fn, err = procedure.find(self.exports, path)
  if not fn then return nil, err end
  return fn(args_of(self), input)
end

--- *async*
---@param id string
---@param prefill? table
function Package:get_input(id, prefill)
  return run(self, ('/actions/%s/getInput'):format(id), { prefill = prefill })
end

--- *async*
---@param id string
---@param input? table
function Package:run_action(id, input)
  return run(self, ('/actions/%s/run'):format(id), { input = input })
end

---@param id string
---@return runtime.Volume
function Package:volume(id) return sdk.volume(id) end

local function load_manifest(dir)
  local text, err = file.read(dir .. '/package.lua')
  if not text then return nil, err end
  local chunk, problem = load(text, '@package.lua', 't', setmetatable({}, { __index = _G }))
  if not chunk then return nil, { code = 'script', message = problem } end
  return chunk()
end

--- The package's own modules under their own `require`, made anew for each test.
local function loader(dir)
  local provide = { moonbox = sdk, ['moonbox.testing'] = testing }
  return function()
    local tree = sdk.check(module.tree(dir .. '/procedures', { provide = provide }))
    return tree:require('init')
  end
end

local function spec_files(dir)
  local entries, err = file.list(dir .. '/spec')
  if not entries then return nil, err end
  local found = {}
  for _, entry in ipairs(entries) do
    if entry.type == 'file' and entry.name:match('_spec%.lua$') then
      found[#found + 1] = 'spec/' .. entry.name
    end
  end
  return found
end

--- The `require` of spec files.
local function own_require(dir)
  local provide = { moonbox = sdk, ['moonbox.testing'] = testing }
  local tree = sdk.check(module.tree(dir .. '/procedures', { provide = provide }))
  return function(name) return provide[name] or tree:require(name) end
end

local function add(report, more)
  report.passed = report.passed + more.passed
  report.failed = report.failed + more.failed
  for _, failure in ipairs(more.failures) do
    report.failures[#report.failures + 1] = failure
  end
end

--- Runs every `spec/*_spec.lua` of a package's source folder. *async*
---@param dir string
---@param options? {print?: fun(line: string)}
---@return lib.spec.Report? report
---@return engine.Error? err the folder is no package
function M.run(dir, options)
  local manifest, err = load_manifest(dir)
  if not manifest then return nil, err end
  local files, problem = spec_files(dir)
  if not files then return nil, problem end
  local root = os.getenv('TMPDIR')
  local media = ('%s/moonbox-spec-%d'):format(root and root ~= '' and root or '/tmp',
    math.floor(require('engine.loop').time() * 1e6))
  world.replace({ media = media, call = call })
  fake = { calls = {}, answers = {}, manifest = manifest, load = loader(dir) }
  local report = { passed = 0, failed = 0, failures = json.array({}) }
  for _, name in ipairs(files) do
    local source, unreadable = file.read(dir .. '/' .. name)
    if not source then return nil, unreadable end
    add(report, spec.run(source, name, { print = options and options.print,
      globals = { require = own_require(dir) } }))
  end
  file.remove(media, { recursive = true })
  return report
end

return M
