--- What moon-cli asks of its VM: the command tree, and running one command.
---
---     local cli = require('core.cli_main')
---     cli.describe()                      -- for the parser
---     cli.run(path, params, globals, facts)  -- → exit status; in a task
local cli = require('lib.rpc.cli')
local client = require('engine.client')
local control = require('engine.daemon_control')
local errc = require('engine.errc')
local file = require('engine.file')
local i18n = require('lib.i18n')
local json = require('engine.json')
local module = require('engine.module')
local rpc = require('lib.rpc')
local term = require('engine.term')
local words = require('lib.text')

local M = {}

-- How connecting fails when nobody listens.
local NOBODY = { not_found = true, network = true, daemon_not_running = true, refused = true }

local function locale() return i18n.pick(os.getenv) end

local function instance_of(globals)
  return { data_dir = globals.dataDir or globals.data_dir, instance = globals.instance }
end

local function explain(err, paths)
  if not NOBODY[err.code] then return err end
  return errc.new('daemon_not_running',
    i18n.text('error.cli.no-daemon', { socket = paths.socket }, locale()), {
      hint = i18n.text('error.cli.start-daemon', { command = 'moon-cli daemon start' }, locale()),
      details = { socket = paths.socket } })
end

--- A connection to the daemon of the instance. *async*
local function connect(globals)
  local paths, wrong = control.paths(instance_of(globals))
  if not paths then return nil, wrong end
  local connection, err = client.connect(paths.socket, { locale = globals.locale })
  if not connection then return nil, explain(err, paths) end
  return connection
end

--- A function that calls a method on the daemon of the instance.
local function remote(globals)
  return function(method, params, options)
    local connection, err = connect(globals)
    if not connection then return nil, err end
    local result, failure = connection:call(method, params, options)
    connection:close()
    return result, failure
  end
end

--- A command that was interrupted says so as programs do: 128 and the signal.
local function exit_code(kind)
  local signal = kind == 'cancelled' and term.interrupted()
  if signal then return 128 + signal end
  local row = errc.kinds[kind]
  return row and row.exit or 1
end

local function stream(fd, write, globals)
  local color = globals.color == 'always' or globals.color ~= 'never' and term.color(fd)
  return { write = write, width = term.width(fd), color = color, tty = term.is_tty(fd) }
end

---@class core.cli.Context What a handler of the CLI finds in `call.ctx`, beside the toolkit's
---@field instance engine.daemon_control.Instance Whose daemon is meant
---@field connect fun(): table?, table? A connection to it; the handler closes it. *async*
---@field progress fun(text: string?): boolean Shows one changing line
---@field exit fun(status: integer) The exit status of the process, whatever the command's result
---@field facts core.cli.Facts

---@class core.cli.Facts
---@field branch string? Module of the branch the command lies in
---@field program string File of the running program
---@field scripts string Folder of the shipped scripts
---@field version string

--- One changing line; a longer one would scroll.
local function progress(text)
  local width = text and term.width(2)
  return term.progress(width and words.cut(text, width - 1) or text)
end

--- Prints, and notes that something was lost: that a reader had enough is no failure.
local function noting(write, outcome)
  return function(text)
    local written, err = write(text)
    if not written and err.code ~= 'closed' then outcome.lost = outcome.lost or err end
    return written
  end
end

local function environment(globals, facts, outcome)
  return {
    call = remote(globals), json = json,
    exit_code = function(kind) return outcome.status or exit_code(kind) end,
    interrupted = term.interrupted,
    read_stdin = term.read_stdin, read_file = file.read,
    out = stream(1, noting(term.write, outcome), globals),
    err = stream(2, term.error, globals),
    attributes = {
      instance = instance_of(globals), facts = facts, progress = progress,
      connect = function() return connect(globals) end,
      exit = function(status) outcome.status = status end,
    },
  }
end

--- The module that declares a child of the root: `core/echo.lua` → `core.echo`.
local function module_of(child)
  local name = child.node.at.file:match('^(core/.+)%.lua$')
  return name and (name:gsub('/init$', ''):gsub('/', '.'))
end

--- Branches whose commands look at the whole tree.
local WHOLE = { completion = true, man = true, rpc = true, script = true, repl = true }

--- Notes in the description where each branch of the tree comes from. With extensions, which may
--- add to any of them, nothing is noted.
local function note_modules(description, root)
  if #module.scripts('extensions.') > 0 then return description end
  local modules = {}
  for _, child in ipairs(root.children) do
    modules[child.name] = modules[child.name] == nil and module_of(child) or false
  end
  for _, node in ipairs(description.subcommands) do
    node.module = not WHOLE[node.name] and modules[node.name] or nil
  end
  return description
end

--- The root with one branch, the others being empty groups: to load them takes longer than most
--- commands run.
local function load_branch(branch)
  local function pick(name)
    if name == branch or name == 'core.extensions' or name:find('^lib%.') then
      return require(name)
    end
    return rpc.parent()
  end
  local source = module.source('core')
  local chunk = source and load(source, 'core/init.lua', 't',
    setmetatable({ require = pick }, { __index = _G }))
  local fine, root = pcall(chunk)
  return fine and root or nil
end

local function tree_for(branch)
  local root = branch and branch ~= '' and load_branch(branch)
  return root or require('core')
end

--- The command tree, ready for JSON. Raises a load error.
---@return table
function M.describe()
  local root = require('core')
  return note_modules(cli.describe(root, { name = 'moon-cli', locale = locale() }), root)
end

--- Runs a command and prints what it gives. *async*
---@param path string[] Names from below the root
---@param params table<string, any>
---@param globals table Global options: format, color, dataDir, instance, scripts, verbose
---@param facts? core.cli.Facts
---@return integer status For the process
---@async
function M.run(path, params, globals, facts)
  globals.locale = locale()
  facts = facts or {}
  local outcome = {}
  local status = cli.run(tree_for(facts.branch), path, params, globals,
    environment(globals, facts, outcome))
  term.progress(nil)
  status = outcome.status or status
  if not outcome.lost then return status end
  term.error(('%s: %s\n'):format(i18n.text('error.cli.error', nil, globals.locale),
    outcome.lost.message))
  return status ~= 0 and status or exit_code(outcome.lost.code)
end

return M
