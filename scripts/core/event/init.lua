--- `event.*`: what happens in the daemon, as it happens or as it was.
local event = require('engine.event')
local filter = require('core.event.filter')
local line = require('core.event.line')
local snapshot = require('core.event.snapshot')
local rpc = require('lib.rpc')
local store = require('engine.store')
local t = rpc.types

--- Numbers of events are kept exactly by every client.
local MOST_SEQ = 2 ^ 53

local CHANNEL = t.enum{ values = { 'events', 'logs' }, default = 'events',
  help = 'help.arg.channel' }

local function subscribe(call, params)
  if not call.pushes then
    return nil, { code = 'conflict', message = 'nothing can be sent here but answers',
      hint = 'subscribe on a connection of lines, or a WebSocket' }
  end
  -- The numbers of another store say nothing about the events of this one.
  local numbers = store.history_id()
  local another = params.store ~= nil and params.store ~= numbers
  local since = params.sinceSeq
  if another then since = nil end
  local sub, info = event.subscribe(call.connection, filter.of(params), {
    channel = params.channel, since = since, replay_last = params.replayLast,
    policy = params.policy, buffer = params.buffer, max_rate = params.maxRate,
  })
  if not sub then return nil, info end
  local answer = { sub = sub, next = info.next, replayed = info.replayed,
    gap = info.gap or another, store = numbers }
  -- After the subscription has begun: no change lies between the two.
  if params.snapshot then answer.snapshot = snapshot.of(filter.of(params)) end
  return answer
end

local function unsubscribe(call, params)
  if not call.connection then return false end
  return event.unsubscribe(call.connection, params.sub)
end

local function list(_call, params)
  return event.read(filter.of(params), { channel = params.channel, since = params.sinceSeq,
    limit = params.limit })
end

local function show_list(_params, page, out)
  if page.gap then out:line(line.GAP) end
  local rows = {}
  for i, each in ipairs(page.events) do
    rows[i] = { seq = each.seq, time = each.ts, level = each.level, type = each.type,
      about = line.about(each) }
  end
  out:table({ 'seq', 'time', 'level', 'type', 'about' }, rows)
end

local record = t.object{ open = true, fields = {
  seq = t.integer, ts = t.string, type = t.string, level = t.enum(filter.LEVELS), data = t.any,
} }

local state = t.object{ open = true, fields = {
  type = t.string, level = t.enum(filter.LEVELS), data = t.any,
} }

return rpc.parent():with_about('about.event')
  :subcommand('subscribe', rpc.from_fn(subscribe)
    :with_params(filter.params({
      channel = CHANNEL,
      sinceSeq = t.optional(t.integer{ min = 0, max = MOST_SEQ }),
      store = t.optional(t.string{ max_length = 64 }),
      replayLast = t.integer{ default = 0, min = 0, max = 1000 },
      policy = t.enum{ values = { 'drop_oldest', 'coalesce', 'disconnect' },
        default = 'drop_oldest' },
      buffer = t.integer{ default = 1024, min = 64, max = 16384 },
      maxRate = t.optional(t.integer{ min = 1, max = 1000000 }),
      snapshot = t.flag{},
    }))
    :with_result(t.object{ fields = {
      sub = t.integer, next = t.integer, replayed = t.integer, gap = t.boolean,
      store = t.string,
      snapshot = t.optional(t.array{ of = state }),
    } })
    :with_metadata('read_only', true)
    :no_cli())
  :subcommand('unsubscribe', rpc.from_fn(unsubscribe)
    :with_params({ sub = t.integer{ min = 1 } })
    :with_result(t.boolean)
    :with_metadata('read_only', true)
    :no_cli())
  :subcommand('list', rpc.from_fn(list)
    :with_params(filter.params({
      channel = CHANNEL,
      sinceSeq = t.optional(t.integer{ min = 0, max = MOST_SEQ, help = 'help.arg.since-seq' }),
      limit = t.integer{ short = 'n', default = 100, min = 1, max = 16384,
        help = 'help.arg.event-limit' },
    }))
    :with_result(t.object{ fields = {
      events = t.array{ of = record }, next = t.integer, gap = t.boolean,
    } })
    :with_metadata('read_only', true)
    :with_display_serializable()
    :with_custom_display_fn(show_list)
    :with_about('about.event.list')
    :with_call_remote('CliContext'))
