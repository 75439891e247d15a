--- `server.*`: the daemon itself.
local daemon = require('engine.daemon')
local display = require('lib.display')
local duration = require('lib.duration')
local filter = require('core.event.filter')
local follow = require('core.server.follow')
local i18n = require('lib.i18n')
local journal = require('core.server.journal')
local line = require('core.event.line')
local loop = require('engine.loop')
local lxc = require('engine.lxc')
local metrics = require('core.server.metrics')
local names = require('lib.names')
local restart = require('core.server.restart')
local rpc = require('lib.rpc')
local store = require('store')
local timestamp = require('lib.timestamp')
local t = rpc.types

--- The daemon's facts, and what this host offers to containers. *async*
local function info()
  local told = daemon.info()
  local host = lxc.probe()
  if host then
    told.cgroup = host.cgroup_layout
    told.memoryController = host.memory_controller
    told.containers = host.works
  end
  return told
end

local function shutdown() daemon.shutdown() end

local function version()
  local told = daemon.info()
  return { name = told.name, version = told.version, gitInfo = told.gitInfo }
end

local function sample() return metrics.sample(daemon.info().dataDir) end

local function prometheus() return daemon.metrics_text() end

local function time()
  local seconds = loop.time()
  return { uptime = metrics.uptime(), now = ('%s.%03dZ'):format(
    os.date('!%Y-%m-%dT%H:%M:%S', seconds), math.floor(seconds % 1 * 1000)) }
end

local function logs(_call, params)
  return journal.read(daemon.info().dataDir .. '/logs/daemon.log', params)
end

local function set_language(_call, params)
  local done, err = store.mutate(function(db)
    db.public.serverInfo.language:ser(params.language)
  end)
  if not done then return nil, err end
  return nil
end

--- The order people want; what is not listed follows by name.
local FIRST = {
  'name', 'version', 'gitInfo', 'instance', 'dataDir', 'socket', 'pid', 'uptime', 'workers',
  'luajit', 'guard', 'cgroup',
}

--- Limits by what they count: bytes, seconds, else things.
local BYTES = { batchAnswer = true, header = true, message = true, minRate = true }
local SECONDS = { handshake = true, idle = true, keepAlive = true, push = true, stalled = true,
  stranger = true }

local function shown_limits(limits)
  local shown = {}
  for key, value in pairs(limits) do
    local text = value
    if BYTES[key] then text = display.bytes(value) end
    if SECONDS[key] then text = value == 0 and 'none' or duration.format(value) end
    shown[names.kebab(key)] = text
  end
  return shown
end

local function entry(key, value)
  if key == 'limits' then return { key, shown_limits(value) } end
  if key == 'uptime' then return { key, duration.format(value) } end
  if key == 'startedAt' then return { 'started-at', timestamp.format(value) } end
  return { names.kebab(key), value }
end

local function show_info(_params, result, out)
  local entries, seen = {}, {}
  local function add(key)
    if result[key] ~= nil and not seen[key] then
      entries[#entries + 1], seen[key] = entry(key, result[key]), true
    end
  end
  for _, key in ipairs(FIRST) do
    add(key)
  end
  for _, key in ipairs(names.sorted_keys(result)) do
    if key ~= 'limits' then add(key) end
  end
  add('limits')
  out:block(entries)
end

local function show_metrics(_params, sampled, out)
  local rows = {}
  for _, group in ipairs({ 'general', 'cpu', 'memory', 'disk' }) do
    for _, key in ipairs(names.sorted_keys(sampled[group])) do
      local measure = sampled[group][key]
      if type(measure) == 'table' then
        rows[#rows + 1] = { group = group, what = names.kebab(key),
          value = ('%.1f'):format(measure.value), unit = measure.unit }
      end
    end
  end
  out:table({ 'group', 'what', { key = 'value', align = 'right' }, 'unit' }, rows)
end

local function show_prometheus(_params, text, out)
  for each in text:gmatch('[^\n]+') do
    out:line(each)
  end
end

local function show_time(_params, result, out)
  out:block({ { 'now', result.now }, { 'uptime', duration.format(result.uptime) } })
end

local function show_logs(_params, page, out)
  for _, each in ipairs(page.entries) do
    out:line(line.log({ ts = each.timestamp, level = each.level, target = each.target,
      data = { message = each.message, fields = each.fields } }))
  end
end

local function show_version(_params, result, out)
  out:line(('%s %s (%s)'):format(result.name, result.version, result.gitInfo))
end

local measure = t.object{ fields = { value = t.number, unit = t.string } }

local function measures(keys, nullable)
  local fields = {}
  for _, key in ipairs(keys) do
    fields[key] = nullable and t.nullable(measure) or measure
  end
  return t.object{ fields = fields }
end

local metrics_schema = t.object{ fields = {
  general = measures({ 'temperature' }, true),
  cpu = measures({ 'percentageUsed', 'userSpace', 'kernelSpace', 'wait', 'idle' }),
  memory = measures({ 'percentageUsed', 'total', 'available', 'used', 'swapTotal', 'swapFree' }),
  disk = measures({ 'percentageUsed', 'capacity', 'used', 'available' }),
} }

local log_entry = t.object{ fields = {
  timestamp = t.optional(t.string), level = t.enum(filter.LEVELS), target = t.string,
  message = t.string, fields = t.optional(t.map{ of = t.any }), cursor = t.string,
  bootId = t.optional(t.string),
} }

return rpc.parent():with_about('about.server')
  :subcommand('info', rpc.from_fn_async(info)
    :with_result(t.object{ open = true, fields = { name = t.string, version = t.string } })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_info)
    :with_about('about.server.info')
    :with_call_remote('CliContext'))
  :subcommand('version', rpc.from_fn(version)
    :with_result(t.object{ fields = { name = t.string, version = t.string, gitInfo = t.string } })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_version)
    :with_about('about.server.version')
    :with_call_remote('CliContext'))
  :subcommand('time', rpc.from_fn_async(time)
    :with_result(t.object{ fields = { now = t.string, uptime = t.number } })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_time)
    :with_about('about.server.time')
    :with_call_remote('CliContext'))
  :subcommand('metrics', rpc.parent():with_about('about.server.metrics')
    :root_handler(rpc.from_fn_async(sample)
      :with_result(metrics_schema)
      :with_metadata('read_only', true)
      :with_display_serializable()
      :with_custom_display_fn(show_metrics)
      :with_about('about.server.metrics')
      :with_call_remote('CliContext'))
    :subcommand('follow', rpc.from_fn_async(follow.metrics)
      :with_params({ interval = t.number{ min = 0.5, max = 3600, default = 5 } })
      :with_result(t.object{ fields = { guid = t.string, metrics = metrics_schema } })
      :with_metadata('read_only', true)
      :no_cli()))
  :subcommand('prometheus', rpc.from_fn(prometheus)
    :with_result(t.string)
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_prometheus)
    :with_about('about.server.prometheus')
    :with_call_remote('CliContext'))
  :subcommand('device-info', require('core.server.device'))
  :subcommand('logs', rpc.parent():with_about('about.server.logs')
    :root_handler(rpc.from_fn_async(logs)
      :with_params({
        limit = t.integer{ short = 'l', default = 50, min = 1, max = 10000,
          help = 'help.arg.limit' },
        cursor = t.string{ short = 'c', optional = true, max_length = 20,
          help = 'help.arg.log-cursor' },
        before = t.flag{ short = 'B', help = 'help.arg.log-before' },
        level = t.enum{ values = filter.LEVELS, optional = true, help = 'help.arg.event-level' },
        target = t.array{ of = t.string, single = true, optional = true,
          help = 'help.arg.event-target' },
        package = t.array{ of = t.package_id, single = true, optional = true,
          help = 'help.arg.event-package' },
        since = t.optional(t.duration{ help = 'help.arg.log-since' }),
        boot = t.string{ short = 'b', optional = true, max_length = 36,
          help = 'help.arg.log-boot' },
      })
      :with_result(t.object{ fields = {
        entries = t.array{ of = log_entry },
        startCursor = t.optional(t.string), endCursor = t.string,
      } })
      :with_metadata('read_only', true)
      :with_display_serializable()
      :with_custom_display_fn(show_logs)
      :with_about('about.server.logs')
      :with_call_remote('CliContext'))
    :subcommand('follow', rpc.from_fn(follow.logs)
      :with_params({
        limit = t.integer{ default = 50, min = 0, max = 1000 },
        level = t.enum{ values = filter.LEVELS, optional = true },
        target = t.array{ of = t.string, single = true, optional = true },
        package = t.array{ of = t.package_id, single = true, optional = true },
      })
      :with_result(t.object{ fields = { guid = t.string } })
      :with_metadata('read_only', true)
      :no_cli()))
  :subcommand('set-language', rpc.from_fn_async(set_language)
    :with_params({ language = t.enum{ values = i18n.LOCALES, positional = true,
      help = 'help.arg.language' } })
    :with_result(t.null)
    :with_metadata('sync_db', true)
    :with_metadata('audit', true)
    :no_display()
    :with_about('about.server.set-language')
    :with_call_remote('CliContext'))
  :subcommand('restart', restart.method)
  :subcommand('restart', restart.command)
  :subcommand('shutdown', rpc.from_fn(shutdown)
    :with_result(t.null)
    :with_metadata('admin', true)
    :with_metadata('audit', true)
    :no_display()
    :with_about('about.server.shutdown')
    :with_call_remote('CliContext'))
