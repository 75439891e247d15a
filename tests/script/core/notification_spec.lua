local event = require('engine.event')
local json = require('engine.json')
local notices = require('service.notices')
local store = require('engine.store')
local support = require('support.tree')

local call, command = support.call, support.command

local function create(title)
  return assert(call('notification.create', { level = 'info', title = title, message = 'm' }))
end

local function unseen() return store.document.public.serverInfo.unreadNotificationCount end

before_each(function()
  store.document = { public = { serverInfo = {} }, private = {} }
  event.published = {}
end)

describe('notifications', function()
  it('are numbered and listed, the newest first', function()
    expect(create('one')):equals(1)
    expect(create('two')):equals(2)
    local list = call('notification.list')
    expect(list[1].title):equals('two')
    expect(list[1].seen):is_false()
    expect(list[2].id):equals(1)
    expect(#call('notification.list', { before = 2 })):equals(1)
    expect(#call('notification.list', { limit = 1 })):equals(1)
    expect(unseen()):equals(2)
    expect((command({ 'notification', 'list' }))):matches('2 +%S+ +info +%- +two +no')
  end)

  it('are events', function()
    create('one')
    expect(event.published[1].type):equals('notification.created')
    expect(event.published[1].resource):equals({ type = 'notification', id = '1' })
  end)

  it('are marked, all of them or none', function()
    for _, title in ipairs({ 'a', 'b', 'c' }) do
      create(title)
    end
    expect(call('notification.mark-seen', { ids = { 1, 3 } })):is_nil()
    expect(unseen()):equals(1)
    local _, err = call('notification.mark-unseen', { ids = { 3, 9 } })
    expect(err.code):equals('not_found')
    expect(unseen()):equals(1)
    expect(call('notification.mark-seen-before', { before = 2 })):is_nil()
    expect(unseen()):equals(0)
    expect(call('notification.mark-unseen', { ids = { 2 } })):is_nil()
    expect(unseen()):equals(1)
  end)

  it('are removed', function()
    for _, title in ipairs({ 'a', 'b', 'c' }) do
      create(title)
    end
    expect(call('notification.remove', { ids = { 2 } })):is_nil()
    expect(unseen()):equals(2)
    expect(call('notification.remove-before', { before = 3 })):is_nil()
    expect(#call('notification.list')):equals(1)
    expect(create('d')):equals(4)
    expect((command({ 'notification', 'remove' }, { ids = { 3 } }))):equals('')
  end)

  it('are kept to 500', function()
    store.document.private.notifications = { next = 1001, records = {} }
    for id = 501, 1000 do
      store.document.private.notifications.records[tostring(id)] = { seen = true, title = 'x' }
    end
    create('newest')
    expect(store.document.private.notifications.records['501']):is_nil()
    expect(store.document.private.notifications.records['502']):is_truthy()
  end)

  it('say what is wrong with a new one', function()
    local _, err = call('notification.create', { level = 'loud', title = 't', message = 'm' })
    expect(err.message):contains('params.level')
  end)
end)

describe('notices', function()
  it('keep the last of several refusals in a row', function()
    local events = {}
    for i, words in ipairs({ 'a:1: oops', 'a:2: oops' }) do
      events[i] = { type = 'script.refused', data = { error = { message = words } } }
    end
    table.insert(events, 2, { type = 'job', data = { kind = 'backup.create', state = 'failed' } })
    notices.run({ next = function() return table.remove(events, 1) end })
    local list = call('notification.list')
    expect(#list):equals(2)
    expect(list[1].message):equals('a:2: oops')
    expect(list[2].title):equals('backup.create: failed')
  end)

  it('are made of jobs that ended and of scripts that were refused', function()
    local failed = notices.of({ type = 'job', data = { id = 'j', kind = 'package.sideload',
      target = 'hello', title = 'Install hello', state = 'failed', error = { message = 'full' } } })
    expect(failed.level):equals('error')
    expect(failed.title):equals('Install hello: failed')
    expect(failed.message):equals('full')
    expect(failed.packageId):equals('hello')
    expect(notices.of({ type = 'job', data = { kind = 'backup.create', state = 'succeeded',
      error = json.null } }).level):equals('success')
    expect(notices.of({ type = 'job', data = { kind = 'backup.create', state = 'running' } }))
      :is_nil()
    expect(notices.of({ type = 'job', data = { kind = 'other', state = 'failed' } })):is_nil()
    expect(notices.of({ type = 'script.refused', data = { error = { message = 'x:1: oops' } } })
      .message):equals('x:1: oops')
  end)
end)
