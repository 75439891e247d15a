--- What a command prints: its result in the wished format, or its error.
local display = require('lib.display')
local i18n = require('lib.i18n')
local null = require('lib.null')
local pretty = require('lib.pretty')
local yaml = require('lib.yaml')

local M = {}

---@class lib.rpc.Stream
---@field write fun(text: string)
---@field width integer? Columns, when it is a terminal
---@field color boolean?
---@field tty boolean?

---@class lib.cli.Out What a custom display prints with
---@field width integer?
---@field color boolean
---@field tty boolean
---@field program string Begins a command that means the same daemon
---@field locale string?
local Out = {}
Out.__index = Out

--- A word as a shell has to get it.
local function quoted(word)
  if word:find('^[%w@%%_+=:,./-]+$') then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function program_for(globals)
  local words = { 'moon-cli' }
  for _, option in ipairs(globals.daemonOptions or {}) do
    words[#words + 1] = quoted(option)
  end
  return table.concat(words, ' ')
end

--- A hint whose commands mean the same daemon when they are typed as they stand.
local function typed(hint, program)
  if not hint or hint:find('^usage:') then return hint end
  return (hint:gsub('%f[%w-]moon%-cli %f[%l]', (program:gsub('%%', '%%%%')) .. ' '))
end

---@param stream lib.rpc.Stream
---@param globals lib.rpc.Globals
---@return lib.cli.Out
function M.of(stream, globals)
  return setmetatable({ write_text = stream.write, width = stream.width,
    color = stream.color == true, tty = stream.tty == true,
    program = program_for(globals), locale = globals.locale }, Out)
end

--- Prints as it is.
---@param text string
---@return boolean? written Not when nobody reads it any more
function Out:write(text) return self.write_text(text) end

--- Prints a line.
---@param text string
---@return boolean? written Not when nobody reads it any more
function Out:line(text) return self.write_text(text .. '\n') end

--- Prints what to do next.
---@param text string Commands in it mean the default daemon
function Out:hint(text)
  self:line(('%s: %s'):format(i18n.text('error.cli.hint', nil, self.locale),
    typed(text, self.program)))
end

--- Prints a table; to a terminal, `none` for one without rows.
---@param columns (string|lib.display.Column)[]
---@param rows table[]
function Out:table(columns, rows)
  if self.tty and #rows == 0 then return self:line('none') end
  self.write_text(display.table(columns, rows, self))
end

---@param entries {[1]: string, [2]: any}[]
function Out:block(entries) self.write_text(display.block(entries)) end

---@param values any[]
function Out:list(values) self.write_text(display.list(values)) end

--- The form that suits the value.
---@param value any
function Out:value(value) self.write_text(display.value(value, self)) end

local function plain(value, env)
  if null.is_opaque(value) then return (env.json.decode(tostring(value))) end
  return value
end

local function json_line(value, env)
  if null.is_opaque(value) then return tostring(value) .. '\n' end
  if value == nil then return 'null\n' end
  local text, err = env.json.encode(value)
  if not text then return nil, err end
  return text .. '\n'
end

--- Each gives a text, or `nil, err` for what has no JSON form.
local FORMATS = {
  json = json_line,
  ['json-pretty'] = function(value, env)
    local fits, err = json_line(value, env)
    if not fits then return nil, err end
    return pretty.json(plain(value, env), env.json.encode) .. '\n'
  end,
  yaml = function(value, env)
    local fits, err = json_line(value, env)
    if not fits then return nil, err end
    return yaml.encode(plain(value, env))
  end,
}

--- Prints a result.
---@param env lib.rpc.Environment
---@param globals lib.rpc.Globals
---@param shown 'text'|'none'|'data'|function The display of the handler
---@param params table
---@param result any
---@return true? shown
---@return table? err The result has no JSON form, and data are asked for
function M.result(env, globals, shown, params, result)
  if shown == 'none' then return true end
  local format = FORMATS[globals.format]
  if format then
    local text, err = format(result, env)
    if not text then return nil, err end
    env.out.write(text)
    return true
  end
  local value = plain(result, env)
  if type(shown) == 'function' then
    shown(params, value, M.of(env.out, globals))
  else
    env.out.write(display.value(value, env.out))
  end
  return true
end

local function further_problems(details)
  local lines = {}
  for i, problem in ipairs(type(details) == 'table' and details or {}) do
    if i > 1 and type(problem) == 'table' and problem.path then
      lines[#lines + 1] = ('  %s: %s\n'):format(problem.path, problem.message)
    end
  end
  return table.concat(lines)
end

--- The place an error is about: a line of a file, an argument, a socket.
local function where_of(details)
  if type(details) ~= 'table' then return nil end
  if details.file then
    return details.line and ('%s:%s'):format(details.file, display.scalar(details.line))
      or details.file
  end
  local problem = details[1]
  return type(problem) == 'table' and problem.path or details.socket
end

local function as_data(err, env, globals)
  return { error = {
    kind = err.code, message = err.message, where = where_of(err.details),
    hint = typed(err.hint, program_for(globals)),
    details = err.details, exitCode = env.exit_code(err.code),
  } }
end

--- What the parser and the check of the parameters say is in the language of the caller. All else
--- says what happened in English; then the label of its kind goes before it.
local OWN_WORDS = { usage = true, invalid_params = true, daemon_not_running = true }

local function told(failure, locale)
  local message = failure.message or failure.code or 'unknown error'
  if not locale or i18n.match(locale) == 'en_US' or OWN_WORDS[failure.code] then return message end
  local label = i18n.known(i18n.error_key(failure.code or 'unknown'), locale)
  return label and ('%s: %s'):format(label, message) or message
end

--- Prints an error on standard error: one line and a hint, or data if results are. Who
--- interrupts a command knows that it ended.
---@param env lib.rpc.Environment
---@param globals lib.rpc.Globals
---@param err any
function M.failure(env, globals, err)
  local failure = type(err) == 'table' and err or { code = 'script', message = tostring(err) }
  if FORMATS[globals.format] then
    env.err.write(FORMATS[globals.format](as_data(failure, env, globals), env))
    return
  end
  if failure.code == 'cancelled' and env.interrupted and env.interrupted() then return end
  env.err.write(('%s: %s\n'):format(i18n.text('error.cli.error', nil, globals.locale),
    told(failure, globals.locale)))
  if failure.code == 'invalid_params' or failure.code == 'usage' then
    env.err.write(further_problems(failure.details))
  end
  if failure.hint and failure.hint ~= '' then
    M.of(env.err, globals):hint(failure.hint)
  end
end

return M
