--- The variables and the output of a REPL, in the VM it talks to. Runs there as a task:
--- `script.eval` and `script.complete`.
local debugging = require('engine.debug')
local json = require('engine.json')
local module = require('engine.module')
local pretty = require('lib.pretty')

local M = {}

local MOST_SESSIONS, MOST_LINES = 16, 1000

--- Kept until the scripts are loaded again: they belong to this VM.
local sessions, order = {}, {}

-- `store` is engine.store, unless somebody sets it.
local function engine_module(_, name)
  local value = rawget(_G, name)
  if value ~= nil or type(name) ~= 'string' then return value end
  local fine, loaded = pcall(require, 'engine.' .. name)
  return fine and loaded or nil
end

local function printer(session)
  return function(...)
    local words = {}
    for i = 1, select('#', ...) do
      words[i] = tostring((select(i, ...)))
    end
    if #session.output < MOST_LINES then
      session.output[#session.output + 1] = table.concat(words, '\t')
    end
  end
end

local function make_session()
  local session = { output = {} }
  session.env = setmetatable({ print = printer(session) }, { __index = engine_module })
  return session
end

local function forget(id)
  sessions[id] = nil
  for i = #order, 1, -1 do
    if order[i] == id then table.remove(order, i) end
  end
end

--- The one used longest ago makes room for a new one.
local function session_of(id)
  local session = sessions[id] or make_session()
  forget(id)
  if #order >= MOST_SESSIONS then forget(order[1]) end
  sessions[id], order[#order + 1] = session, id
  return session
end

local function take_output(session)
  local output = json.array(session.output)
  session.output = {}
  return output
end

local function finish(session, ...)
  local count, shown = select('#', ...), {}
  for i = 1, count do
    shown[i] = pretty.lua((select(i, ...)))
  end
  if count > 0 then session.env._ = (...) end
  return { output = take_output(session), values = json.array(shown) }
end

--- An expression is an argument first: returned alone, a call would be a tail call and its function
--- nameless in tracebacks.
local function compile(code, env)
  local chunk = module.eval(('(function(...) return ... end)(%s\n)'):format(code), env, 'repl')
  if chunk then return chunk end
  return module.eval(code, env, 'repl')
end

--- Runs a chunk or an expression. What it raises is raised, so that its traceback is kept. *async*
---@param request {code: string, session: string, once: boolean?} `once`: nothing of it is kept
---@return {output: string[], values: string[]}? answer
---@return engine.Error? err It does not compile
function M.eval(request)
  local session = session_of(request.session)
  local chunk, err = compile(request.code, session.env)
  if not chunk then return nil, err end
  local answer = finish(session, chunk())
  if request.once then forget(request.session) end
  return answer
end

--- What a chunk that raised has printed before.
---@param request {session: string, once: boolean?}
---@return string[]
function M.output(request)
  local output = take_output(session_of(request.session))
  if request.once then forget(request.session) end
  return output
end

--- The value `a.b.c` stands for; functions are not called.
local function resolve(env, path)
  local value = env
  for name in path:gmatch('[%a_][%w_]*') do
    if type(value) ~= 'table' then return nil end
    value = rawequal(value, env) and env[name] or rawget(value, name)
    if value == nil then return nil end
  end
  return value
end

local function add_all(into, list)
  for _, name in ipairs(list) do
    if name:find('^[%a_][%w_]*$') then into[name] = true end
  end
end

local KEYWORDS = { 'and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'if',
  'in', 'local', 'nil', 'not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while' }

local function global_names(session, found)
  add_all(found, debugging.members(session.env))
  add_all(found, debugging.members(_G))
  add_all(found, KEYWORDS)
  for name in pairs(module.loaded()) do
    add_all(found, { name:match('^engine%.([%a_]+)$') })
  end
end

--- Names the word at the end of a line may become.
---@param request {line: string, session: string}
---@return string[]
function M.complete(request)
  local session, found, names = session_of(request.session), {}, {}
  local path = request.line:match('([%a_][%w_%.]*)[%.:][%w_]*$')
  if path then
    local value = resolve(session.env, path)
    if value ~= nil then add_all(found, debugging.members(value)) end
  elseif not request.line:find('[%.:][%w_]*$') then
    global_names(session, found)
  end
  for name in pairs(found) do
    names[#names + 1] = name
  end
  table.sort(names)
  return json.array(names)
end

return M
