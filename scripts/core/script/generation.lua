--- `script.reload`, `rollback`, `status`, `failures`, `files`: the generation of scripts in force.
local daemon = require('engine.daemon')
local i18n = require('lib.i18n')
local names = require('lib.names')
local null = require('lib.null')
local rpc = require('lib.rpc')
local t = rpc.types

local PHASES = { 'read', 'compile', 'build', 'validate', 'selftest', 'vms', 'swap', 'total' }

--- So many files are told by name: all of them change with the version.
local MOST_FILES = 12

--- A refusal is the method's answer and none of its failures: without a traceback it is told as it
--- is.
local function told(call, report, err)
  if report then return report end
  err.debug = nil
  local generation = daemon.status().generation
  if err.code == 'script' and not err.hint and generation and not null.is_null(generation) then
    err.hint = i18n.say(call, 'error.scripts.still-in-force', { generation = generation })
  end
  return nil, err
end

local function reload(call) return told(call, daemon.reload()) end
local function rollback(call) return told(call, daemon.rollback()) end
local function status() return daemon.status() end
local function files() return daemon.files() end

local function failures()
  local rows = {}
  for method, failure in pairs(daemon.status().failures) do
    failure.method = method
    rows[#rows + 1] = failure
  end
  table.sort(rows, function(a, b)
    if a.at ~= b.at then return a.at > b.at end
    return a.method < b.method
  end)
  return rows
end

local function add_methods(rows, context, changes)
  for _, kind in ipairs({ 'added', 'removed', 'changed' }) do
    for _, method in ipairs(changes[kind] or {}) do
      local is_change = type(method) == 'table'
      rows[#rows + 1] = { change = kind, context = context,
        method = is_change and method.method or method,
        what = is_change and table.concat(method.what or {}, ', ') or '' }
    end
  end
end

local function show_files(changes, out)
  for _, kind in ipairs({ 'added', 'removed', 'changed' }) do
    local list = changes and changes[kind] or {}
    if #list > 0 then
      local rest = #list > MOST_FILES and (', … %d more'):format(#list - MOST_FILES) or ''
      local first = math.min(#list, MOST_FILES)
      out:line(('%s: %s%s'):format(kind, table.concat(list, ', ', 1, first), rest))
    end
  end
end

local function show_durations(durations, out)
  local parts = {}
  for _, phase in ipairs(PHASES) do
    local micros = durations[phase .. 'Us']
    -- What was not needed took no time.
    if micros and micros > 0 then
      parts[#parts + 1] = ('%s %.1f ms'):format(phase, micros / 1000)
    end
  end
  if #parts > 0 then out:line('took ' .. table.concat(parts, ', ')) end
end

--- What a generation brought, and how long it took.
local function show_changes(report, out)
  show_files(report.files, out)
  local rows = {}
  for _, context in ipairs(names.sorted_keys(report.methods or {})) do
    add_methods(rows, context, report.methods[context])
  end
  if #rows > 0 then out:table({ 'change', 'context', 'method', 'what' }, rows) end
  show_durations(report.durations or {}, out)
end

local function show_report(_params, report, out)
  if report.starts then return out:line('all is well again: the daemon starts') end
  if report.changed == false then
    out:line(('generation %s, the scripts are as they were'):format(report.generation))
    -- Most often the file watch was faster than who asks.
    if not report.report then return end
    report = report.report
    out:line(('loaded at %s:'):format(report.loadedAt))
  elseif report.rolledBackFrom then
    out:line(('generation %s: %s again, instead of %s'):format(report.generation, report.restored,
      report.rolledBackFrom))
  else
    out:line(('generation %s'):format(report.generation))
  end
  show_changes(report, out)
end

--- A message that ends with what stands apart: `t.string has no option 'x' (…)`.
local function without(message, ending)
  if message:sub(-#ending) ~= ending then return message end
  return message:sub(1, -#ending - 1)
end

local function show_refusal(err, out)
  local message = err.mend and without(err.message, (' (%s)'):format(err.mend)) or err.message
  out:line(('refused: %s'):format(message))
  if err.file then
    out:line(('     at: %s%s'):format(err.file, err.line and (':%d'):format(err.line) or ''))
  end
  if err.source and err.source ~= '' then out:line(('         > %s'):format(err.source)) end
  if err.mend or err.hint then out:line(('   mend: %s'):format(err.mend or err.hint)) end
end

local function show_status(_params, current, out)
  local entries = { { 'generation', current.generation }, { 'loaded at', current.loadedAt },
    { 'roots', current.roots }, { 'files', current.files } }
  if current.rolledBackFrom then
    entries[#entries + 1] = { 'rolled back from', current.rolledBackFrom }
  end
  out:block(entries)
  if current.rolledBackFrom then
    out:line('the files are those of that one; moon-cli script reload loads them')
  end
  if current.report then
    out:line(('generation %s brought:'):format(current.report.generation))
    show_changes(current.report, out)
  end
  if type(current.error) == 'table' then show_refusal(current.error, out) end
  for _, method in ipairs(names.sorted_keys(current.failures or {})) do
    local failure = current.failures[method]
    out:line(('%s failed %s×, last: %s (%s)'):format(method, failure.count, failure.last,
      failure.correlationId or ''))
  end
end

local function show_failures(_params, rows, out)
  if #rows == 0 then return out:line('no handler has failed since its file was loaded') end
  -- The message begins with the place.
  out:table({ 'method', 'count', 'at', 'last', 'correlationId' }, rows)
  local last = rows[1]
  if last.trace then
    out:line('')
    out:line(('%s, the last time:'):format(last.method))
    out:line('  ' .. last.trace:gsub('\n', '\n  '))
  end
end

local function show_list(_params, rows, out)
  for _, row in ipairs(rows) do
    row.hash = row.hash:sub(1, 12)
  end
  out:table({ 'file', 'from', 'bytes', 'hash' }, rows)
end

local function leaf(fn, show, about)
  return fn:with_result(t.object{ open = true, fields = {} })
    :with_display_serializable()
    :with_custom_display_fn(show)
    :with_about(about)
    :with_call_remote('CliContext')
end

local function rows_of(fn, show, about)
  return fn:with_result(t.array(t.object{ open = true, fields = {} }))
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show)
    :with_about(about)
    :with_call_remote('CliContext')
end

local M = {}
M.reload = leaf(rpc.from_fn_async(reload):with_metadata('audit', true)
  :with_metadata('admin', true), show_report, 'about.script.reload')
M.rollback = leaf(rpc.from_fn_async(rollback):with_metadata('audit', true)
  :with_metadata('admin', true), show_report, 'about.script.rollback')
M.status = leaf(rpc.from_fn_async(status):with_metadata('read_only', true), show_status,
  'about.script.status')
M.failures = rows_of(rpc.from_fn_async(failures), show_failures, 'about.script.failures')
M.files = rows_of(rpc.from_fn(files), show_list, 'about.script.files')
return M
