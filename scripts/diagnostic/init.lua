--- What a daemon answers whose store or scripts cannot be opened: why, and how to mend it. It runs
--- from the copy that is built into the program: nothing on the disk can break it. Requires
--- lib/** only, and few engine modules.
local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local file = require('engine.file')
local hello = require('lib.rpc.hello')
local json = require('engine.json')
local log = require('engine.log')
local openrpc = require('lib.rpc.openrpc')
local rpc = require('lib.rpc')
local t = rpc.types

local CONTEXT = 'DiagnosticContext'
local TAIL_BYTES = 256 * 1024

local function state() return 'error' end

local function fault() return daemon.info().fault end

local function info() return daemon.info() end

local function git_info() return daemon.info().gitInfo end

local function echo(_call, params) return params.message end

local function shutdown() daemon.shutdown() end

local function told(report, err)
  if report then return report end
  err.debug = nil
  return nil, err
end

local function check() return told(daemon.check()) end

local function reload() return told(daemon.reload()) end

local function status() return daemon.status() end

--- The last lines of the daemon's log.
local function logs(_call, params)
  local path = daemon.info().log
  local stat, err = file.stat(path)
  if not stat then return nil, err end
  local from = math.max(0, stat.size - TAIL_BYTES)
  local text, failure = file.read_part(path, from, TAIL_BYTES)
  if not text then return nil, failure end
  local lines = {}
  for line in text:gmatch('[^\n]+') do
    lines[#lines + 1] = line
  end
  local last = {}
  for i = math.max(1, #lines - params.limit + 1), #lines do
    last[#last + 1] = lines[i]
  end
  return json.array(last)
end

local function discover(call)
  local facts = daemon.info()
  return openrpc.document(daemon.methods(CONTEXT), {
    title = facts.name, version = facts.version, locale = call.locale, array = json.array,
  })
end

local any = t.object{ open = true, fields = {} }

local function query(handler, result, about)
  return handler:with_result(result):with_metadata('read_only', true):with_about(about)
end

return rpc.parent():with_context(CONTEXT)
  :subcommand('daemon', rpc.parent():with_about('about.daemon')
    :subcommand('hello', hello.handler({
      daemon = daemon, log = log, tools = { encode = json.encode, hash = crypto.sha256 },
      context = CONTEXT, features = { 'lines', 'http', 'envelopes' },
    }):with_about('about.daemon.hello')))
  :subcommand('diagnostic', rpc.parent():with_about('about.diagnostic')
    :subcommand('error', query(rpc.from_fn(fault), any, 'about.diagnostic.error')))
  :subcommand('echo', rpc.from_fn(echo)
    :with_params({ message = t.string{ positional = true } })
    :with_result(t.string)
    :with_metadata('read_only', true)
    :with_about('about.echo'))
  :subcommand('git-info', query(rpc.from_fn(git_info), t.string, 'about.git-info'))
  :subcommand('rpc', rpc.parent():with_about('about.rpc')
    :subcommand('discover', query(rpc.from_fn(discover), any, 'about.rpc.discover')))
  :subcommand('script', rpc.parent():with_about('about.script')
    :subcommand('check', query(rpc.from_fn_async(check), any, 'about.script.check'))
    :subcommand('reload', rpc.from_fn_async(reload)
      :with_result(any)
      :with_about('about.script.reload'))
    :subcommand('status', query(rpc.from_fn_async(status), any, 'about.script.status')))
  :subcommand('server', rpc.parent():with_about('about.server')
    :subcommand('info', query(rpc.from_fn(info), any, 'about.server.info'))
    :subcommand('logs', rpc.from_fn_async(logs)
      :with_params({ limit = t.integer{ min = 1, max = 10000, default = 50 } })
      :with_result(t.array(t.string))
      :with_metadata('read_only', true)
      :with_about('about.server.logs'))
    :subcommand('shutdown', rpc.from_fn(shutdown)
      :with_result(t.null)
      :with_about('about.server.shutdown')))
  :subcommand('state', query(rpc.from_fn(state), t.string, 'about.state'))
