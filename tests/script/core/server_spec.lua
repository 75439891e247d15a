local crypto = require('engine.crypto')
local daemon = require('engine.daemon')
local file = require('engine.file')
local journal = require('core.server.journal')
local json = require('engine.json')
local store = require('engine.store')
local support = require('support.tree')

local call, command = support.call, support.command

before_each(function() store.document = { public = { serverInfo = {} }, private = {} } end)

describe('server', function()
  it('tells version and time', function()
    expect(call('server.version')):equals({ name = 'moonbox', version = '0.1.0',
      gitInfo = 'abc123' })
    expect((command({ 'server', 'version' }))):equals('moonbox 0.1.0 (abc123)\n')
    local time = call('server.time')
    expect(time.now):matches('^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$')
    expect(time.uptime > 0):is_true()
  end)

  it('measures the machine', function()
    daemon.data_dir = '/'
    local metrics = assert(call('server.metrics'))
    expect(metrics.memory.total.unit):equals('MiB')
    expect(metrics.memory.total.value > 0):is_true()
    expect(metrics.cpu.percentageUsed.value <= 100):is_true()
    expect(metrics.disk.capacity.value >= metrics.disk.used.value):is_true()
    expect((command({ 'server', 'metrics' }))):matches('memory +total +[%d.]+ +MiB')
  end)

  it('says what machine this is', function()
    local info = assert(call('server.device-info'))
    expect(info.hardware.arch):equals('x86_64')
    expect(info.hardware.ram > 0):is_true()
    expect(info.hardware.devices[1].class):equals('processor')
    expect(info.processors > 0):is_true()
    expect(info.os.language):equals('en_US')
    expect((command({ 'server', 'device-info' }))):matches('runs packages for: +<=0.4.0:0')
  end)

  it('keeps a language', function()
    expect(call('server.set-language', { language = 'de_DE' })):is_nil()
    expect(store.document.public.serverInfo.language):equals('de_DE')
    local _, err = call('server.set-language', { language = 'xx' })
    expect(err.code):equals('invalid_params')
  end)

  it('begins anew', function()
    expect(call('server.restart').instanceId):equals('i1')
    expect(daemon.restarted):is_true()
  end)
end)

describe('daemon and state', function()
  it('answer anybody that they are there', function()
    expect(call('daemon.ping', {}, { peer = { uid = 4711 } }).pong):is_true()
    expect(call('state', {}, { peer = { uid = 4711 } })):equals('running')
  end)

  it('tell how it goes', function()
    store.document.public.packageData = {
      hello = { stateInfo = { state = 'installed' },
        statusInfo = { desired = { main = 'running' }, started = '2026-01-01T00:00:00Z' } },
      new = { stateInfo = { state = 'installing' } },
    }
    local status = assert(call('daemon.status'))
    expect(status.packages):equals({ hello = 'running', new = 'installing' })
    expect(status.channels.logs.events):equals(1)
    expect(status.jobs.running):equals(0)
  end)
end)

describe('hello', function()
  local hello = require('lib.rpc.hello')

  it('tells whoever may call what is spoken here', function()
    local told = assert(call('daemon.hello', { client = 'probe', version = '2',
      protocol = { min = 1, max = 2 } }))
    expect(daemon.range):equals({ 1, 2 })
    expect({ told.protocol, told.name, told.version, told.instance, told.instanceId })
      :equals({ 2, 'moonbox', '0.1.0', 'default', 'i1' })
    expect(told.limits):equals({ nesting = 192 })
    expect(told.features[1]):equals('lines')
    expect(told.registryHash):matches('^' .. ('%x'):rep(64) .. '$')
  end)

  it('tells strangers no more than a ping does, but what is spoken', function()
    expect(call('daemon.hello', {}, { peer = { uid = 4711 } }))
      :equals({ instanceId = 'i1', protocol = 1 })
  end)

  it('refuses versions that are not spoken, and what is no range', function()
    local _, err = call('daemon.hello', { protocol = { min = 4, max = 9 } })
    expect({ err.code, err.details }):equals({ 'protocol_unsupported', { min = 1, max = 3 } })
    for _, protocol in ipairs({ { min = 1 }, { min = 1, max = 70000 }, { min = 1, max = 1.5 } }) do
      _, err = call('daemon.hello', { protocol = protocol })
      expect(err.code):equals('invalid_params')
    end
  end)

  it('hashes the methods once, and again when others are in force', function()
    local methods, looked, hashed = { { wire = 'query:a.v1', params = {} } }, 0, 0
    local handler = hello.handler({
      daemon = {
        info = daemon.info, choose_protocol = daemon.choose_protocol,
        methods = function(context)
          looked = looked + 1
          expect(context):equals('C')
          return methods
        end,
      },
      log = { debug = function() end }, context = 'C', features = {},
      tools = { encode = json.encode, hash = function(text)
        hashed = hashed + 1
        return crypto.sha256(text)
      end },
    })
    local function hash() return handler.fn({}, {}).registryHash end
    daemon.generation = 1
    local first = hash()
    expect(hash()):equals(first)
    expect({ looked, hashed }):equals({ 1, 2 })
    daemon.generation, methods[1].params = 2, { type = 'object' }
    expect(hash() ~= first):is_true()
    expect(looked):equals(2)
    daemon.generation = nil
  end)
end)

describe('the journal', function()
  local path

  local function write(count)
    local lines = {}
    for i = 1, count do
      lines[i] = json.encode({ time = ('2026-01-01T00:00:%02d.000Z'):format(i % 60),
        level = i % 10 == 0 and 'warn' or 'info', target = i % 2 == 0 and 'net' or 'service.hello',
        message = 'line ' .. i, n = tostring(i) })
    end
    assert(file.write(path, table.concat(lines, '\n') .. '\nhalf a li'))
  end

  before_each(function() path = '/tmp/moonbox-journal-' .. crypto.guid() end)
  after_each(function() file.remove(path) end)

  it('gives the last lines, and those before', function()
    write(5000)
    local page = assert(journal.read(path, { limit = 3 }))
    expect(page.entries[3].message):equals('line 5000')
    expect(page.entries[1].fields.n):equals('4998')
    local before = assert(journal.read(path, { limit = 2, cursor = page.startCursor,
      before = true }))
    expect(before.entries[2].message):equals('line 4997')
    local after = assert(journal.read(path, { limit = 1, cursor = before.startCursor }))
    expect(after.entries[1].message):equals('line 4996')
    expect(journal.read(path, { limit = 9, cursor = after.endCursor }).entries[1].message)
      :equals('line 4997')
    expect(#journal.read(path, { limit = 10000 }).entries):equals(5000)
  end)

  it('tells boots apart', function()
    local lines = {}
    for i, boot in ipairs({ 'aa', 'aa', 'bb', 'cc', 'cc', 'cc' }) do
      lines[i] = json.encode({ message = '"boot":"dd" ' .. i, boot = boot:rep(16) })
    end
    assert(file.write(path, table.concat(lines, '\n') .. '\n'))
    local function count(boot)
      local page, err = journal.read(path, { limit = 9, boot = boot })
      return page and #page.entries or err.code
    end
    expect({ count('0'), count('-1'), count('-2'), count('-3'), count('1') })
      :equals({ 3, 1, 2, 'not_found', 'not_found' })
    expect(count(('bb'):rep(16))):equals(1)
    expect(count('none')):equals(0)
    expect(journal.read(path, { limit = 1 }).entries[1].bootId):equals(('cc'):rep(16))
  end)

  it('looks for level, part and package', function()
    write(100)
    expect(#journal.read(path, { limit = 1000, level = 'warn' }).entries):equals(10)
    expect(#journal.read(path, { limit = 1000, target = { 'service' } }).entries):equals(50)
    expect(#journal.read(path, { limit = 1000, package = { 'hello' } }).entries):equals(50)
    expect(#journal.read(path, { limit = 1000, package = { 'hell' } }).entries):equals(0)
    expect(#journal.read(path, { limit = 1000, since = 60 }).entries):equals(0)
  end)

  it('is empty where there is none, and refuses a place that is none', function()
    expect(#journal.read('/nowhere/log', { limit = 5 }).entries):equals(0)
    write(1)
    local _, err = journal.read(path, { limit = 5, cursor = '999999' })
    expect(err.code):equals('invalid_params')
  end)
end)
