--- Lua that people type into a live VM: compiled, run with the variables and the output of its
--- session, shown. What else a session sees is its host's affair.
local pretty = require('lib.pretty')
local text = require('lib.text')

---@class lib.console.Host
---@field eval fun(code: string, env: table, name: string): function?, any Compiles
---@field members fun(value: any): string[] Names a value offers
---@field array fun(list: table): table Marks a list, so that an empty one stays one
---@field index fun(name: any): any What a session sees beside its own variables
---@field names fun(): string[] Names of that, for completion
---@field chunk string As in tracebacks

---@class lib.Console
---@field host lib.console.Host
local Console = {}
Console.__index = Console

local MOST_SESSIONS, MOST_LINES = 16, 10000

local function printer(session)
  return function(...)
    local words = {}
    for i = 1, select('#', ...) do
      words[i] = text.printable(tostring((select(i, ...))))
    end
    if #session.output < MOST_LINES then
      session.output[#session.output + 1] = table.concat(words, '\t')
    end
  end
end

local function make_session(host)
  local session = { output = {}, see = {} }
  session.env = setmetatable({ print = printer(session) }, { __index = function(_, name)
    local seen = session.see[name]
    if seen ~= nil then return seen end
    return host.index(name)
  end })
  return session
end

local function forget(self, id)
  self.sessions[id] = nil
  for i = #self.order, 1, -1 do
    if self.order[i] == id then table.remove(self.order, i) end
  end
end

--- The one used longest ago makes room for a new one.
local function session_of(self, id)
  local session = self.sessions[id] or make_session(self.host)
  forget(self, id)
  if #self.order >= MOST_SESSIONS then forget(self, self.order[1]) end
  self.sessions[id], self.order[#self.order + 1] = session, id
  return session
end

local function take_output(self, session)
  local output = self.host.array(session.output)
  session.output = {}
  return output
end

local function finish(self, session, ...)
  local count, shown = select('#', ...), {}
  for i = 1, count do
    shown[i] = pretty.lua((select(i, ...)))
  end
  if count > 0 then session.env._ = (...) end
  return { output = take_output(self, session), values = self.host.array(shown) }, ...
end

--- An expression is an argument first: returned alone, a call would be a tail call and its function
--- nameless in tracebacks.
local function compile(host, code, env)
  -- A comment needs an end; without one the line of an error stays that of the code.
  local ending = code:find('--', 1, true) and '\n)' or ')'
  local wrapped = '(function(...) return ... end)(' .. code .. ending
  local chunk = host.eval(wrapped, env, host.chunk)
  if chunk then return chunk end
  return host.eval(code, env, host.chunk)
end

local function forgetting(self, id, ...)
  forget(self, id)
  return ...
end

---@class lib.console.Request
---@field code string
---@field session string
---@field once? boolean Nothing of it is kept
---@field see? table<string, any> Names for this run, before those of the host

--- Runs a chunk or an expression. What it raises is raised, so that its traceback is kept. *async*
---@param request lib.console.Request
---@return {output: string[], values: string[]}? answer
---@return any ... The values themselves; the error, if it does not compile
function Console:eval(request)
  local session = session_of(self, request.session)
  session.see = request.see or {}
  local chunk, err = compile(self.host, request.code, session.env)
  if not chunk then return nil, err end
  if not request.once then return finish(self, session, chunk()) end
  return forgetting(self, request.session, finish(self, session, chunk()))
end

--- What a chunk that raised has printed before.
---@param request {session: string, once: boolean?}
---@return string[]
function Console:output(request)
  local output = take_output(self, session_of(self, request.session))
  if request.once then forget(self, request.session) end
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

local function global_names(self, session, found)
  add_all(found, self.host.members(session.env))
  add_all(found, self.host.members(session.see))
  add_all(found, KEYWORDS)
  add_all(found, self.host.names())
end

--- Names the word at the end of a line may become, in order.
---@param request {line: string, session: string, see: table?}
---@return string[]
function Console:complete(request)
  local session, found, names = session_of(self, request.session), {}, {}
  session.see = request.see or session.see
  local path = request.line:match('([%a_][%w_%.]*)[%.:][%w_]*$')
  if path then
    local value = resolve(session.env, path)
    if value ~= nil then add_all(found, self.host.members(value)) end
  elseif not request.line:find('[%.:][%w_]*$') then
    global_names(self, session, found)
  end
  for name in pairs(found) do
    names[#names + 1] = name
  end
  table.sort(names)
  return self.host.array(names)
end

local M = {}

--- A traceback without the frames of the console and of who calls it.
---@param trace string?
---@return string
function M.own_frames(trace)
  local lines = {}
  for line in (trace or ''):gmatch('[^\n]+') do
    if line:find('^lib/console%.lua') then break end
    lines[#lines + 1] = line
  end
  return table.concat(lines, '\n')
end

--- A message without the console's own place: a tail call such as `return error('no')` leaves
--- nobody else to be named.
---@param message any
---@return string
function M.own_words(message)
  return text.printable((tostring(message):gsub('^lib/console%.lua:%d+: ', '')))
end

---@param host lib.console.Host
---@return lib.Console
function M.new(host)
  return setmetatable({ host = host, sessions = {}, order = {} }, Console)
end

return M
