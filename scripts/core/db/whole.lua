--- Commands about the store as a whole: `db.{backup,restore,compact,check,stats,migrations}`.
--- With a daemon they are its methods; without one, or when it cannot open its store, the command
--- works on the files.
local control = require('engine.daemon_control')
local daemon = require('engine.daemon')
local display = require('lib.display')
local json = require('engine.json')
local migrate = require('store.migrate')
local rpc = require('lib.rpc')
local store = require('engine.store')
local timestamp = require('lib.timestamp')
local tool = require('engine.store_tool')
local t = rpc.types

local M = {}

--- Seconds that reading or writing a whole store may take.
local LONG = 600
local EXIT_CORRUPT = 12

local function own_directory() return daemon.info().dataDir .. '/store' end

--- What a daemon answers that has no store open: none runs, or it is in diagnostic mode.
local ABSENT = { daemon_not_running = true, method_not_found = true, uninitialized = true }

local function directory_of(call)
  local paths, err = control.paths(call.ctx.instance)
  if not paths then return nil, err end
  return paths.data .. '/store'
end

--- Calls the method, or works on the directory where nobody has the store open. None of them
--- changes the store: a daemon that dies meanwhile is asked again, and then found to be gone.
--- *async*
local function there_or_here(call, method, params, here)
  local result, err = call.ctx.remote(method, params, { timeout = LONG, read_only = true })
  if result or not ABSENT[err.code] then return result, err end
  local directory, failure = directory_of(call)
  if not directory then return nil, failure end
  return here(directory)
end

local function backup(_call, params)
  local flushed, err = store.flush()
  if not flushed then return nil, err end
  return tool.backup(own_directory(), params.file, { replace = params.force })
end

local function backup_here(call, params)
  return there_or_here(call, 'db.backup', { file = params.file, force = params.force },
    function(directory) return tool.backup(directory, params.file, { replace = params.force }) end)
end

local function show_backup(params, report, out)
  out:line(('revision %d, %s, in %s'):format(report.head, display.bytes(report.fileBytes),
    params.file))
end

local function restore_here(call, params)
  local directory, err = directory_of(call)
  if not directory then return nil, err end
  local restored, failure = tool.restore(params.file, directory)
  if restored then return restored end
  if failure.code == 'busy' then failure.hint = 'stop the daemon first: moon-cli daemon stop' end
  return nil, failure
end

local function show_restore(_params, restored, out)
  out:line(('the store is at revision %d of the backup'):format(restored.report.head))
  if restored.kept then out:line('what was there before is in ' .. restored.kept) end
end

local function compact_here(call)
  local directory, err = directory_of(call)
  if not directory then return nil, err end
  local bytes, failure = tool.compact(directory)
  if bytes then return bytes end
  if failure.code == 'busy' then
    failure.hint = 'stop the daemon first: moon-cli daemon stop; containers go on'
  end
  return nil, failure
end

local function show_compact(_params, bytes, out)
  out:line(('%s before, %s now'):format(display.bytes(bytes.before), display.bytes(bytes.after)))
end

--- What is in the journal only is brought into the file first: the child reads that alone while
--- the store is open. One that cannot be written is read as it is.
local function check()
  local flushed, err = store.flush()
  local report, failure = tool.check(own_directory())
  if report and not flushed then
    table.insert(report.findings, { where = 'journal', what = err.message })
  end
  return report, failure
end

local function check_here(call, params)
  local report, err
  if params.path then
    report, err = tool.check(params.path)
  else
    report, err = there_or_here(call, 'db.check', {}, tool.check)
  end
  if report and #report.findings > 0 then call.ctx.exit(EXIT_CORRUPT) end
  return report, err
end

local function show_check(_params, report, out)
  if #report.findings > 0 then
    out:table({ 'where', 'what' }, report.findings)
    return
  end
  local waiting = ''
  if report.inJournal > 0 then waiting = (', %d more in the journal'):format(report.inJournal) end
  out:line(('in order: revisions %d to %d%s, %d entries, a document of %s, a file of %s'):format(
    report.oldest, report.head, waiting, report.entries, display.bytes(report.documentBytes),
    display.bytes(report.fileBytes)))
end

--- What the files say, here and there.
local function measure(directory)
  local facts, err = tool.measure(directory)
  if not facts then return nil, err end
  facts.revisions = facts.head - facts.oldest + 1
  facts.schemaVersion = facts.schema and facts.schema.version
  facts.schema = nil
  return facts
end

local function stats()
  local facts, err = measure(own_directory())
  if not facts then return nil, err end
  local running, failure = store.stats()
  if not running then return nil, failure end
  for key, value in pairs(running) do
    facts[key] = value
  end
  facts.inJournal = nil -- the daemon counts them as pending
  facts.flushedAt = running.flushedAt and timestamp.format(running.flushedAt)
  facts.revisions = facts.head - facts.oldest + 1
  return facts
end

local function stats_here(call) return there_or_here(call, 'db.stats', {}, measure) end

--- Those the scripts have, and those the store has had.
local function migrations()
  local state = migrate.state()
  local times, rows = {}, {}
  for _, each in ipairs(state.applied) do
    times[each.name] = each.time
  end
  for i, each in ipairs(migrate.known()) do
    local had = each.number <= state.version
    rows[i] = { name = each.name, time = times[each.name],
      state = times[each.name] and 'applied' or (had and 'not needed' or 'pending') }
  end
  return { version = state.version, migrations = json.array(rows) }
end

local function show_migrations(_params, result, out)
  out:table({ 'name', 'state', 'time' }, result.migrations)
end

local SIZES = { 'bytes', 'pageBytes', 'logBytes', 'mapBytes' }

local function show_stats(_params, facts, out)
  for _, key in ipairs(SIZES) do
    facts[key] = display.bytes(facts[key])
  end
  if facts.flushTime then facts.flushTime = ('%.2f ms'):format(facts.flushTime * 1000) end
  out:value(facts)
end

local finding = t.object{ fields = { where = t.string, what = t.string } }

local report_schema = t.object{ fields = {
  oldest = t.integer, head = t.integer, revisions = t.integer, inJournal = t.integer,
  entries = t.integer, documentBytes = t.integer, fileBytes = t.integer,
  findings = t.array(finding),
} }

local stats_schema = t.object{ fields = {
  id = t.string, format = t.integer, schemaVersion = t.optional(t.integer),
  head = t.integer, oldest = t.integer, revisions = t.integer, logBytes = t.integer,
  bytes = t.integer, pageBytes = t.integer, pages = t.integer, freePages = t.integer,
  depth = t.integer, entries = t.integer, readers = t.integer, mapBytes = t.integer,
  transactions = t.optional(t.integer), changes = t.optional(t.integer),
  conflicts = t.optional(t.integer), largestBatch = t.optional(t.integer),
  queued = t.optional(t.integer), pending = t.optional(t.integer),
  flushedAt = t.optional(t.datetime), flushTime = t.optional(t.number),
} }

local function backup_params()
  return {
    file = t.path{ positional = true, absolute = true, help = 'help.arg.db-backup' },
    force = t.flag{ help = 'help.arg.db-force' },
  }
end

local migrations_schema = t.object{ fields = {
  version = t.integer, migrations = t.array(t.object{ fields = {
    name = t.string, time = t.optional(t.datetime),
    state = t.enum{ 'applied', 'not needed', 'pending' },
  } }),
} }

--- A method that reads or writes the whole store.
local function method(fn, params, result)
  return rpc.from_fn_async(fn):with_params(params):with_result(result)
    :with_metadata('local', true):with_metadata('deadline', LONG)
end

local function command(fn, params, show, about)
  return rpc.from_fn_async(fn):with_params(params):with_context('CliContext')
    :with_display_serializable():with_custom_display_fn(show):with_about(about)
end

--- Adds the methods and the commands.
---@param parent table
---@return table parent
function M.add(parent)
  return parent
    :subcommand('migrations', rpc.from_fn(migrations)
      :with_result(migrations_schema)
      :with_metadata('local', true)
      :with_metadata('read_only', true)
      :with_display_serializable()
      :with_custom_display_fn(show_migrations)
      :with_about('about.db.migrations')
      :with_call_remote('CliContext'))
    :subcommand('backup', method(backup, backup_params(), report_schema)
      :with_metadata('audit', true):no_cli())
    :subcommand('check', method(check, {}, report_schema)
      :with_metadata('read_only', true):no_cli())
    :subcommand('stats', method(stats, {}, stats_schema)
      :with_metadata('read_only', true):no_cli())
    :subcommand('backup', command(backup_here, backup_params(), show_backup, 'about.db.backup')
      :with_examples('db backup store.mdb', 'db backup store.mdb --force'))
    :subcommand('restore', command(restore_here, {
      file = t.path{ positional = true, complete = 'file', help = 'help.arg.db-restore' },
    }, show_restore, 'about.db.restore'):with_examples('db restore store.mdb'))
    :subcommand('compact', command(compact_here, {}, show_compact, 'about.db.compact'))
    :subcommand('check', command(check_here, {
      path = t.path{ positional = true, optional = true, complete = 'file',
        help = 'help.arg.db-check' },
    }, show_check, 'about.db.check'):with_examples('db check', 'db check store.mdb'))
    :subcommand('stats', command(stats_here, {}, show_stats, 'about.db.stats'))
end

return M
