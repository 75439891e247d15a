--- `moon-cli logs`: the last lines of the daemon's log, and those that follow with --follow. When
--- no daemon runs, the log file is read.
local control = require('engine.daemon_control')
local file = require('engine.file')
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
  if not file.exists(paths.daemonLog) then
    term.error(('no daemon runs, and none has written %s\n'):format(paths.daemonLog))
  else
    term.error('no daemon runs; these are the last lines it wrote\n')
  end
  return journal.read(paths.daemonLog, params)
end

--- A line of the journal as an event of the channel `logs`.
local function as_event(entry)
  return { ts = entry.timestamp, type = 'log', level = entry.level, target = entry.target,
    data = { message = entry.message, fields = entry.fields } }
end

--- A line of a service's own log as an entry of the journal.
local function as_entry(id, said)
  local fields
  for _, key in ipairs({ 'stream', 'subcontainer' }) do
    if said[key] then
      fields = fields or {}
      fields[key] = said[key]
    end
  end
  return { timestamp = said.time, level = said.level or 'info', message = said.message,
    target = 'service.' .. id .. (said.daemon and '.' .. said.daemon or ''), fields = fields }
end

--- Puts what the services have written between what the daemon has.
local function with_services(call, wanted, entries)
  local wants = journal.matcher(wanted)
  for _, id in ipairs(wanted.package or {}) do
    local page, err = call.ctx.remote('package.logs', { id = id, limit = wanted.limit },
      { read_only = true })
    -- Of a package that was uninstalled, the daemon may still have lines.
    local was_here = not page and err.code == 'not_found' and #entries > 0
    if not page and not was_here then return nil, err end
    for _, each in ipairs(page and page.entries or {}) do
      local entry = as_entry(id, each)
      if wants(entry) then entries[#entries + 1] = entry end
    end
  end
  for i, entry in ipairs(entries) do
    entry.place = i
  end
  table.sort(entries, function(a, b)
    local one, other = a.timestamp or '', b.timestamp or ''
    if one ~= other then return one < other end
    return a.place < b.place
  end)
  return entries
end

local function print_last(call, params)
  local wanted = { limit = params.limit, level = params.level, target = params.target,
    since = params.since, package = params.package }
  local page, err = call.ctx.remote('server.logs', wanted, { read_only = true })
  local runs = page ~= nil
  if not page and err.code == 'daemon_not_running' then
    page, err = from_file(call, wanted)
  end
  if not page then return nil, err end
  local entries = page.entries
  if params.package and runs then
    entries, err = with_services(call, wanted, entries)
    if not entries then return nil, err end
  end
  for i = math.max(1, #entries - params.limit + 1), #entries do
    local entry = entries[i]
    entry.place = nil
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
  :with_examples('logs -f',
    'logs --level warn --since 10m',
    'logs --target service.hello-world -n 200')
