--- The near side of a REPL: line editor, history, transcript, pipes. What is typed goes to a
--- target, some live VM.
local editor = require('engine.editor')
local file = require('engine.file')
local loop = require('engine.loop')
local term = require('engine.term')

local M = {}

local BAD = 1

local HELP = [[
An expression prints its value, a statement runs; `_` is the last value.
%s
%s
  :load FILE     run a file
  :help          this text
  :quit          leave (also Ctrl-D)

Tab completes, Ctrl-C stops what runs, an unfinished line goes on on the next one.]]

--- Where code runs.
---@class core.repl.Target
---@field name string What the prompt says
---@field about string What a session sees, and how long its variables live; for `:help`
---@field commands? table<string, fun(repl: core.repl.Repl, words: string)>
---@field help? string Lines about them
---@field eval fun(self, repl: core.repl.Repl, code: string): core.repl.Answer?, engine.Error?
---@field complete fun(self, repl: core.repl.Repl, line: string): string[]?

---@class core.repl.Answer
---@field output string[]
---@field values string[]
---@field error? { message: string, traceback: string? }
---@field generation? integer Of what the variables live in

---@class core.repl.Repl
---@field call table
---@field target core.repl.Target
---@field session string
---@field generation integer?
---@field connection engine.client.Connection?
---@field timeout number
---@field transcript string?
---@field told_of_locals boolean?
local Repl = {}
Repl.__index = Repl

local function session_name()
  return ('repl-%d-%d'):format(math.floor(loop.time() * 1000), math.random(1, 1e6))
end

function Repl:record(text)
  if self.transcript then file.append(self.transcript, text .. '\n', 384) end  -- 0600
end

function Repl:say(text)
  self.call.out:line(text)
  self:record(text)
end

function Repl:complain(text)
  term.error(text .. '\n')
  self:record(text)
end

function Repl:connected()
  if self.connection then return self.connection end
  local connection, err = self.call.ctx.connect()
  self.connection = connection
  return connection, err
end

--- With its connection the daemon drops what still runs for it.
function Repl:interrupt()
  local connection = self.connection
  self.connection, self.interrupted = nil, true
  if connection then connection:close() end
end

--- Calls a method of the daemon; who interrupts loses the connection, and the daemon drops the
--- call. *async*
function Repl:ask(method, params, timeout)
  local connection, err = self:connected()
  if not connection then return nil, err end
  params.session = self.session
  return connection:call(method, params, { timeout = timeout })
end

local COMMANDS = {}

function Repl:complete(line)
  if not line:find('^%s*:') then return self.target:complete(self, line) or {} end
  local found = {}
  for _, commands in ipairs({ COMMANDS, self.target.commands or {} }) do
    for name in pairs(commands) do
      found[#found + 1] = name
    end
  end
  table.sort(found)
  return found
end

function Repl:notice_reload(generation)
  if not generation or generation == 0 then return end
  if self.generation and self.generation ~= generation then
    self:say(('-- the scripts were loaded again (generation %d): variables begin anew')
      :format(generation))
  end
  self.generation = generation
end

--- Whoever types `local x = 1` means to use x next: told once.
function Repl:notice_local(code)
  if self.told_of_locals or not code:find('^%s*local%s') or code:find('[;\n]') then return end
  self.told_of_locals = true
  self:say('-- a local ends with its line; without `local` it is kept')
end

function Repl:show(answer)
  self:notice_reload(answer.generation)
  for _, line in ipairs(answer.output) do
    self:say(line)
  end
  if answer.values[1] then self:say(table.concat(answer.values, '  ')) end
  local err = answer.error
  if type(err) ~= 'table' then return true end
  self:complain('error: ' .. tostring(err.message))
  if type(err.traceback) == 'string' and err.traceback ~= '' then
    self:complain('  ' .. err.traceback:gsub('\n', '\n  '))
  end
  return false
end

--- Runs a piece of code there; false if it failed. *async*
function Repl:eval(code)
  self.interrupted = false
  local answer, err = self.target:eval(self, code)
  if answer then return self:show(answer) end
  if self.interrupted then
    self:complain('interrupted')
    return false
  end
  self:complain(('error: %s'):format(err.message or err.code))
  if err.hint and err.hint ~= '' then self:complain('hint: ' .. err.hint) end
  if not self.connection or not self.connection:connected() then self.connection = nil end
  return false
end

function COMMANDS.help(self)
  self:say(HELP:format(self.target.about, self.target.help or ''))
end

function COMMANDS.quit(self) self.leaving = true end

function COMMANDS.load(self, path)
  local text, err = file.read(path)
  if not text then return self:complain('error: ' .. err.message) end
  return self:eval(text)
end

function Repl:command(line)
  local name, rest = line:match('^%s*:(%a*)%s*(.-)%s*$')
  local run = COMMANDS[name] or (self.target.commands or {})[name]
    or (name == 'q' and COMMANDS.quit)
  if not run then return self:complain((":%s is no command; :help lists them"):format(name)) end
  run(self, rest)
end

--- Whether the text stops in the middle of something.
local function is_unfinished(code)
  if load('return ' .. code, 'repl') then return false end
  local chunk, message = load(code, 'repl')
  return chunk == nil and tostring(message):find("near '<eof>'", 1, true) ~= nil
end

local function history_file()
  local state = os.getenv('XDG_STATE_HOME')
  local home = os.getenv('HOME')
  if not state and not home then return nil end
  local folder = (state or home .. '/.local/state') .. '/moonbox'
  return file.mkdir(folder, 448) and folder .. '/repl_history'  -- 0700
end

--- Reads until the input is whole. Nothing when the line was dropped, `closed` at the end.
local function read_input(self, line_editor)
  local code
  while true do
    local prompt = code and '>> ' or self.target.name .. '> '
    local line, err = line_editor:read(prompt)
    if not line then return nil, err.code == 'closed' end
    self:record(prompt .. line)
    code = code and code .. '\n' .. line or line
    if line:find('^%s*:') or not is_unfinished(code) then return code end
  end
end

local function interactive(self)
  local line_editor, err = editor.open({ history = history_file(),
    complete = function(line) return self:complete(line) end })
  if not line_editor then return nil, err end
  editor.on_interrupt(function() self:interrupt() end)
  self:say(('moonbox %s, talking to %s; :help helps')
    :format(self.call.ctx.facts.version, self.target.name))
  while not self.leaving do
    local code, closed = read_input(self, line_editor)
    if closed then break end
    if code and code:find('^%s*:') then
      self:command(code)
    elseif code and code:find('%S') then
      if self:eval(code) then self:notice_local(code) end
    end
  end
  editor.on_interrupt(nil)
  line_editor:close()
end

--- Each whole piece of the input in turn; the first that fails ends it.
local function piped(self)
  local text, err = term.read_stdin()
  if not text then return nil, err end
  local code
  for line in (text:gsub('\n$', '') .. '\n'):gmatch('([^\n]*)\n') do
    code = code and code .. '\n' .. line or line
    if not is_unfinished(code) then
      local whole = code
      code = nil
      if whole:find('^%s*:') then
        self:command(whole)
      elseif whole:find('%S') and not self:eval(whole) then
        self.call.ctx.exit(BAD)
        return
      end
    end
    if self.leaving then return end
  end
  if code and not self:eval(code) then self.call.ctx.exit(BAD) end
end

--- Talks until the input ends. *async*
---@param call table The call of a CLI handler
---@param target core.repl.Target
---@param options { timeout: number, transcript: string? }
---@return nil
---@return engine.Error? err
---@async
function M.run(call, target, options)
  local self = setmetatable({ call = call, target = target, session = session_name(),
    timeout = options.timeout, transcript = options.transcript }, Repl)
  local connection, err = self:connected()
  if not connection then return nil, err end
  local _, failure = (term.is_tty(0) and interactive or piped)(self)
  if self.connection then self.connection:close() end
  return nil, failure
end

return M
