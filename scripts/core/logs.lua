--- `moon-cli logs`: the last lines of the daemon's log, and those that follow with --follow. When
--- no daemon runs, the log file is read.
local control = require('engine.daemon_control')
local journal = require('core.server.journal')
local line = require('core.event.line')
local reader = require('core.event.reader')
local rpc = require('lib.rpc')
local term = require('engine.term')
local t = rpc.types

local LEVELS = require('core.event.filter').LEVELS

local function from_file(call, params)
  local paths = control.paths(call.ctx.instance)
  if not paths then return nil end
  term.error('no daemon runs; these are the last lines it wrote\n')
  return journal.read(paths.daemonLog, params)
end

--- A line of the journal as an event of the channel `logs`.
local function as_event(entry)
  return { ts = entry.timestamp, type = 'log', level = entry.level, target = entry.target,
    data = { message = entry.message, fields = entry.fields } }
end

local function print_last(call, params)
  local wanted = { limit = params.limit, level = params.level, target = params.target,
    since = params.since, package = params.package }
  local page, err = call.ctx.remote('server.logs', wanted, { read_only = true })
  if not page and err.code == 'daemon_not_running' then
    page, err = from_file(call, wanted)
  end
  if not page then return nil, err end
  for _, entry in ipairs(page.entries) do
    local written
    if call.format == nil or call.format == 'table' then
      written = call.out:line(line.log(as_event(entry)))
    else
      written = reader.print(call, entry)
    end
    if not written then return nil end
  end
  return nil
end

local function logs(call, params)
  if not params.follow then return print_last(call, params) end
  return reader.follow(call, {
    channel = 'logs', level = params.level, target = params.target, package = params.package,
  }, { replay_last = params.limit, write = line.log })
end

return rpc.from_fn_async(logs)
  :with_params({
    follow = t.flag{ short = 'f', help = 'help.arg.follow' },
    limit = t.integer{ short = 'n', default = 50, min = 0, max = 1000, help = 'help.arg.limit' },
    level = t.enum{ values = LEVELS, optional = true, help = 'help.arg.event-level' },
    target = t.array{ of = t.string, optional = true, help = 'help.arg.event-target' },
    package = t.array{ of = t.package_id, optional = true, help = 'help.arg.event-package' },
    since = t.optional(t.duration{ help = 'help.arg.log-since' }),
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.logs')
