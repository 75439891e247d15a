local event = require('engine.event')
local job = require('engine.job')
local json = require('engine.json')
local support = require('support.tree')

local call, command = support.call, support.command

local JOB = { seq = 3, ts = '2026-01-01T00:00:00.000Z', level = 'info', type = 'job', job = 'j',
  data = { kind = 'backup.create', target = '', state = 'succeeded' } }
local CHANGE = { seq = 4, ts = '2026-01-01T00:00:01.000Z', level = 'debug', type = 'store.changed',
  paths = { '/public/ui' }, data = { revision = 9 } }
local LINE = { seq = 5, ts = '2026-01-01T00:00:02.000Z', level = 'warn', type = 'log',
  target = 'net', data = { message = 'refused', fields = { uid = '7' } } }

--- A connection whose events are those given; then it says how they ended.
local function connection(events, ended)
  local made = { asked = {} }
  function made:events(filter, options)
    self.asked = { filter = filter, options = options }
    local at = 0
    return { next = function()
      at = at + 1
      if events[at] then return events[at] end
      return nil, ended or { code = 'cancelled', message = 'interrupted' }
    end }
  end
  function made:close() self.closed = true end
  return made
end

before_each(function()
  event.subscribed, event.unsubscribed, event.reads, event.page = {}, {}, {}, { JOB, CHANGE }
end)

describe('event.subscribe', function()
  it('gives the connection what the filter lets through', function()
    expect(call('event.subscribe', { type = { 'job', 'script.*' }, level = 'warn', sinceSeq = 9 }))
      :equals({ sub = 1, next = 1, replayed = 0, gap = false, store = 'this' })
    local made = event.subscribed[1]
    expect(made.connection):equals(5)
    expect(made.filter):equals({ type = { 'job', 'script.*' }, level = 'warn',
      includeDescendants = true, pathLenient = false })
    expect(made.options.since):equals(9)
    expect(made.options.policy):equals('drop_oldest')
  end)

  it('gives what is so before what changes, when it is asked for', function()
    job.jobs = {
      { id = 'a', kind = 'package.install', target = 'hello', state = 'running' },
      { id = 'b', kind = 'backup.create', state = 'running' },
      { id = 'c', kind = 'backup.create', state = 'failed' },
    }
    local answer = call('event.subscribe', { type = 'job', snapshot = true })
    expect(#answer.snapshot):equals(2)
    expect(answer.snapshot[1]):equals({ type = 'job', level = 'info', target = 'package.install',
      job = 'a', package = 'hello', data = job.jobs[1] })
    expect(#call('event.subscribe', { job = 'b', type = 'job', snapshot = true }).snapshot)
      :equals(1)
    expect(call('event.subscribe', { type = 'job' }).snapshot):is_nil()
    job.jobs = {}
  end)

  it('takes one name for a list of it', function()
    assert(call('event.subscribe', { type = 'job', channel = 'logs' }))
    expect(event.subscribed[1].filter.type):equals({ 'job' })
    expect(event.subscribed[1].options.channel):equals('logs')
  end)

  it('replays nothing behind a number of another store', function()
    expect(call('event.subscribe', { sinceSeq = 9, store = 'this' }).gap):is_false()
    expect(event.subscribed[1].options.since):equals(9)
    expect(call('event.subscribe', { sinceSeq = 9, store = 'another' }).gap):is_true()
    expect(event.subscribed[2].options.since):is_nil()
  end)

  it('is refused where nothing can be sent but answers', function()
    local made, err = call('event.subscribe', { type = 'job' }, { pushes = false })
    expect(made):is_nil()
    expect(err.code):equals('conflict')
    expect(event.subscribed):has_length(0)
  end)

  it('names the parameter that is wrong', function()
    for params, words in pairs({
      [{ level = 'loud' }] = 'params.level', [{ buffer = 1 }] = 'params.buffer',
      [{ maxRate = 0 }] = 'params.maxRate',
      [{ policy = 'shout' }] = 'params.policy', [{ type = { 1 } }] = 'params.type[0]',
    }) do
      local _, err = call('event.subscribe', params)
      expect(err.code):equals('invalid_params')
      expect(err.message):contains(words)
    end
  end)

  it('ends', function()
    expect(call('event.unsubscribe', { sub = 4 })):is_true()
    expect(event.unsubscribed[1]):equals({ connection = 5, sub = 4 })
  end)
end)

describe('event.list', function()
  it('reads what has been', function()
    expect(#call('event.list', { limit = 2, type = 'job' }).events):equals(2)
    expect(event.reads[1].options.limit):equals(2)
    local printed = command({ 'event', 'list' })
    expect(printed):matches('SEQ +TIME +LEVEL +TYPE +ABOUT')
    expect(printed):contains('backup.create: succeeded')
    expect(printed):contains('/public/ui  revision=9')
  end)
end)

describe('moon-cli events', function()
  it('says of a job what people call it, and why it failed', function()
    local line = require('core.event.line')
    expect(line.about({ type = 'job', data = { kind = 'package.sideload', state = 'failed',
      title = 'Install x.s9pk', error = { message = 'no package' } } }))
      :equals('Install x.s9pk: failed: no package')
    expect(line.about({ type = 'job', data = { kind = 'package.rebuild', target = 'x',
      state = 'succeeded' } })):equals('package.rebuild x: succeeded')
    expect(line.about({ type = 'script.reloaded', data = { generation = 4, methods = { RpcContext =
      { added = { 'greet' }, changed = { { method = 'echo', what = { 'params' } } } } } } }))
      :equals('generation 4, added greet, changed echo')
    expect(line.about({ type = 'script.reloaded', data = { generation = 5, rolledBackFrom = 4,
      methods = {}, files = { changed = { 'a.lua', 'b.lua' } } } }))
      :equals('generation 5, rolled back from 4, changed a.lua, changed b.lua')
    expect(line.about({ type = 'script.refused', data = { error = { message = 'a.lua:1: no' } } }))
      :equals('a.lua:1: no')
    expect(line.about({ type = 'notification.created', data = { title = 'Done', message = '' } }))
      :equals('Done')
  end)

  it('prints the last, as lines or as JSON', function()
    expect((command({ 'events' }))):equals(
      '2026-01-01T00:00:00.000Z info  job  backup.create: succeeded\n' ..
      '2026-01-01T00:00:01.000Z debug store.changed  /public/ui  revision=9\n')
    local printed = command({ 'events' }, { limit = 1 }, { format = 'json' })
    expect(json.decode(printed:match('[^\n]+')).seq):equals(3)
    expect(event.reads[2].options.limit):equals(1)
  end)

  it('follows until it is interrupted, which is no failure', function()
    local made = connection({ JOB, { type = 'gap' }, { type = 'lagged', dropped = 7 }, CHANGE })
    local printed, status = command({ 'events' }, { follow = true, type = { 'job' } }, {},
      { connect = function() return made end })
    expect(status):equals(0)
    expect(made.closed):is_true()
    expect(made.asked.filter.type):equals({ 'job' })
    expect(made.asked.options.replay_last):equals(20)
    expect(printed):contains('-- events are missing here --')
    expect(printed):contains('-- 7 events are missing here --')
    expect(printed):contains('revision=9')
  end)

  it('fails when the daemon refuses', function()
    local made = connection({}, { code = 'busy', message = 'too many' })
    local _, status, complained = command({ 'events' }, { follow = true }, {},
      { connect = function() return made end })
    expect(status):equals(1)
    expect(complained):equals('error: too many\n')
  end)
end)

describe('moon-cli logs --follow', function()
  it('asks for the channel of log lines', function()
    local made = connection({ LINE })
    local printed = command({ 'logs' }, { follow = true, level = 'warn', limit = 3 }, {},
      { connect = function() return made end })
    expect(printed):equals('2026-01-01T00:00:02.000Z warn  net: refused uid=7\n')
    expect(made.asked.filter):equals({ channel = 'logs', level = 'warn' })
    expect(made.asked.options.replay_last):equals(3)
  end)
end)
