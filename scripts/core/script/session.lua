--- The variables and the output of a REPL, in the VM it talks to. Runs there as a task:
--- `script.eval` and `script.complete`.
local console = require('lib.console')
local json = require('engine.json')
local module = require('engine.module')

local M = {}

-- `store` is engine.store, unless somebody sets it.
local function engine_module(name)
  local value = rawget(_G, name)
  if value ~= nil or type(name) ~= 'string' then return value end
  local fine, loaded = pcall(require, 'engine.' .. name)
  return fine and loaded or nil
end

local function names()
  local list = module.members(_G)
  for name in pairs(module.loaded()) do
    list[#list + 1] = name:match('^engine%.([%a_]+)$')
  end
  return list
end

--- Kept until the scripts are loaded again: it belongs to this VM.
local here = console.new({ eval = module.eval, members = module.members, array = json.array,
  index = engine_module, names = names, chunk = 'repl' })

--- *async*
---@param request lib.console.Request
---@return {output: string[], values: string[]}? answer
---@return engine.Error? err It does not compile
function M.eval(request)
  local answer, err = here:eval(request)
  if not answer then return nil, err end
  return answer
end

---@param request {session: string, once: boolean?}
---@return string[]
function M.output(request) return here:output(request) end

---@param request {line: string, session: string}
---@return string[]
function M.complete(request) return here:complete(request) end

return M
