--- The package's code: its modules, loaded in an environment of their own.
local container = require('engine.container')
local journal = require('runtime.journal')
local module = require('engine.module')
local sdk = require('runtime.sdk')

local M = {}

--- The six things a package's `init.lua` may return.
local KEYS = { manifest = 'table', main = 'function', init = 'function', uninit = 'function',
  create_backup = 'function', actions = 'table' }

local GLOBALS = { '_VERSION', 'assert', 'bit', 'coroutine', 'debug', 'error', 'getmetatable',
  'ipairs', 'load', 'loadstring', 'math', 'next', 'os', 'pairs', 'pcall', 'print', 'rawequal',
  'rawget', 'rawlen', 'rawset', 'select', 'setmetatable', 'string', 'table', 'tonumber',
  'tostring', 'type', 'unpack', 'xpcall' }

local function callable(value)
  if type(value) == 'function' then return true end
  local meta = type(value) == 'table' and getmetatable(value)
  return type(meta) == 'table' and meta.__call ~= nil
end

local function fits(value, wanted)
  if wanted == 'function' then return callable(value) end
  return type(value) == wanted
end

--- What is wrong with what `init.lua` returned, or nil.
---@param exports any
---@return string? problem
function M.problem(exports)
  if type(exports) ~= 'table' then
    return ('init.lua must return a table, it returned %s'):format(type(exports))
  end
  for key, value in pairs(exports) do
    local wanted = KEYS[key]
    if not wanted then
      return ("init.lua: unknown member '%s' (known: actions, create_backup, init, main, "
        .. 'manifest, uninit)'):format(tostring(key))
    end
    if not fits(value, wanted) then
      return ("init.lua: '%s' must be a %s, got a %s"):format(key, wanted, type(value))
    end
  end
end

local function script_error(message)
  local file, line = tostring(message):match('^([^:\n]+):(%d+):')
  return { code = 'script', message = tostring(message),
    details = file and { file = file, line = tonumber(line) } or nil }
end

--- A fresh table of globals for package code.
function M.environment()
  local env = {}
  for _, name in ipairs(GLOBALS) do
    env[name] = _G[name]
  end
  env._G, env.print = env, journal.print
  return env
end

---@class runtime.Package
---@field exports table
---@field env table its globals
---@field tree engine.module.Tree

--- Loads the package afresh. *async*
---@return runtime.Package? package
---@return engine.Error? err `script` with file:line, `not_found`
function M.load()
  local directory = container.paths().package
  local tree, err = module.tree(directory, { provide = { moonbox = sdk } })
  if not tree then return nil, err end
  if #tree:files() == 0 then
    return nil, { code = 'not_found', message = 'there is no package code in ' .. directory }
  end
  local env = M.environment()
  local loaded, exports = pcall(function() return tree:require('init', env) end)
  if not loaded then
    return nil, type(exports) == 'table' and exports or script_error(exports)
  end
  local problem = M.problem(exports)
  if problem then return nil, { code = 'script', message = problem } end
  return { exports = exports, env = env, tree = tree }
end

return M
