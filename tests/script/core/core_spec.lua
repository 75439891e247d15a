local cli = require('lib.rpc.cli')
local daemon = require('engine.daemon')
local event = require('engine.event')
local job = require('engine.job')
local json = require('engine.json')
local server = require('lib.rpc.server')
local store = require('engine.store')
local support = require('support.cli')
local tree = require('core')

local loaded = server.load(tree, 'RpcContext', { development = true })

local function call(method, params, uid)
  return loaded.runners[method]({ ctx = { name = 'RpcContext' }, path = method, connection = 5,
    pushes = true, peer = { uid = uid or 0, gid = 0, pid = 1 } }, params or {})
end

--- What a client makes of an answer: it has crossed the wire.
local function received(options, result, err)
  if err ~= nil then return nil, err end
  if result == nil then return nil end
  local text = assert(json.encode(result))
  return options.raw and json.raw(text) or json.decode(text)
end

--- Runs a command against the tree itself; everything it printed.
local function command(path, params, globals)
  local env = support.environment(function(method, sent, options)
    return received(options, call(method, sent))
  end)
  local status = cli.run(tree, path, params or {}, globals or {}, env)
  return env.printed, status, env.complained
end

describe('echo', function()
  it('answers with the message', function()
    expect(call('echo', { message = 'hi' })):equals('hi')
    expect(call('echo', { message = 'hi' }, 1001)):equals('hi')
  end)

  it('wants a text', function()
    local _, err = call('echo', {})
    expect(err.message):equals('params.message: is required')
  end)

  it('is a command', function()
    expect((command({ 'echo' }, { message = 'hi' }))):equals('hi\n')
    local printed, status, complained = command({ 'echo' })
    expect(printed):equals('')
    expect(status):equals(2)
    expect(complained):equals('error: MESSAGE: is required\n')
  end)
end)

describe('the tree', function()
  it('loads for the CLI, and every leaf has help in every locale', function()
    local function walk(node)
      expect(node.about ~= ''):is_true()
      for _, entry in ipairs(node.args) do
        expect(entry.help ~= ''):is_true()
      end
      for _, child in ipairs(node.subcommands) do
        walk(child)
      end
    end
    for _, node in ipairs(cli.describe(tree).subcommands) do
      walk(node)
    end
  end)

  it('protects everything that does not say otherwise', function()
    for _, method in ipairs(loaded.methods) do
      if method.metadata.authenticated ~= false and not method.metadata.login then
        local _, err = call(method.method, {}, 1001)
        expect(err.code):equals('authorization')
      end
    end
  end)

  it('names file and line of each method', function()
    for _, method in ipairs(loaded.methods) do
      expect(method.file):matches('^core/[%w_/]+%.lua$')
      expect(method.line > 0):is_true()
    end
  end)

  it('marks what changes something as audited', function()
    for _, method in ipairs(loaded.methods) do
      if method.metadata.sync_db then expect(method.read_only):is_false() end
    end
  end)
end)

describe('server and git-info', function()
  it('tell about the daemon', function()
    expect(call('git-info')):equals('abc123')
    expect(call('server.info').name):equals('moonbox')
    expect(call('server.info').cgroup):equals('v2')
    expect((command({ 'server', 'info' }))):contains('uptime:             1m 30s')
  end)

  it('stop it', function()
    expect(call('server.shutdown')):is_nil()
    expect(daemon.stopped):is_true()
  end)
end)

describe('script', function()
  it('lists methods with their place', function()
    expect((command({ 'script', 'methods' }))):matches('echo +fn +core/echo.lua +%d+')
  end)

  it('reloads and reports', function()
    expect(call('script.reload').generation):equals(4)
    expect((command({ 'script', 'reload' }))):contains('generation 4')
    expect((command({ 'script', 'rollback' }))):contains('generation 5: 3 again, instead of 4')
    expect((command({ 'script', 'files' }))):contains('core/echo.lua')
  end)

  it('says why the last load was refused', function()
    local status = daemon.status
    daemon.status = function()
      return { generation = 3, roots = { 'a' }, error = { message = 'core/echo.lua:3: oops',
        file = 'core/echo.lua', line = 3 }, failures = { echo = { count = 2, last = 'bad' } } }
    end
    local printed = command({ 'script', 'status' })
    daemon.status = status
    expect(printed):contains('refused: core/echo.lua:3: oops')
    expect(printed):contains('echo failed 2×, last: bad')
  end)
end)

describe('rpc.discover', function()
  it('is an OpenRPC document of every method', function()
    local document = call('rpc.discover')
    expect(document.openrpc):matches('^1%.')
    expect(document.methods):has_length(#loaded.methods)
    for _, method in ipairs(document.methods) do
      if method.name == 'echo' then
        expect(method.params[1].name):equals('message')
        expect(method.params[1].required):is_true()
        expect(method.result.schema.type):equals('string')
        expect(method.summary):equals('Answer with the given message')
      end
    end
    expect(json.encode(document)):matches('"params":%[%]')
  end)
end)

describe('db', function()
  before_each(function()
    store.document, store.revision = { public = { a = 1 }, private = {} }, 7
  end)

  after_each(function() store.document, store.applied = {}, nil end)

  it('dumps a part of the document with its revision', function()
    local result = call('db.dump')
    expect(result.id):equals(7)
    expect(tostring(result.value)):equals('{"a":1}')
    expect(store.closed):is_true()
    local _, err = call('db.dump', { pointer = '/nothing' })
    expect(err.code):equals('not_found')
    expect((command({ 'db', 'dump' }))):equals('a:  1\n')
    expect((command({ 'db', 'dump' }, {}, { format = 'json' })))
      :equals('{"id":7,"value":{"a":1}}\n')
  end)

  it('puts anywhere for the owner, and makes the folder of user interfaces', function()
    expect(call('db.put', { pointer = '/public/ui/theme', value = json.raw('1.0') }))
      :equals({ revision = 8, changed = true })
    expect(tostring(store.document.public.ui.theme)):equals('1.0')
    expect(call('db.put', { pointer = '/private/x', value = 1 })):is_truthy()
  end)

  it('refuses a text that is no pointer', function()
    local _, err = call('db.put', { pointer = 'public', value = 1 })
    expect(err.code):equals('invalid_params')
    expect(err.message):contains('params.pointer')
  end)

  it('keeps the old name', function()
    expect(call('db.put.ui', { pointer = '/theme', value = 'dark' })):is_nil()
    expect(store.document.public.ui.theme):equals('dark')
  end)

  it('applies a patch at an expected revision', function()
    expect(call('db.apply', { patch = json.raw('[]'), expect = 7 })):is_truthy()
    expect(tostring(store.applied)):equals('[]')
    local _, err = call('db.apply', { patch = json.raw('[]'), expect = 6 })
    expect(err.code):equals('conflict')
  end)

  it('keeps values opaque on their way', function()
    for _, method in ipairs(loaded.methods) do
      if method.method == 'db.put' then expect(method.raw_params):equals({ 'value' }) end
      if method.method == 'db.apply' then expect(method.raw_params):equals({ 'patch' }) end
      if method.method == 'db.dump' then expect(method.raw_result):is_true() end
    end
  end)
end)

describe('job', function()
  before_each(function()
    job.jobs = {
      { id = 'a', kind = 'package.install', target = 'hello', title = 'Install hello',
        state = 'succeeded', cancelling = false, created = '2026-01-01T00:00:00Z',
        ended = '2026-01-01T00:01:00Z', progress = true, result = json.null, error = json.null },
      { id = 'b', kind = 'backup.create', state = 'failed', cancelling = false,
        created = '2026-01-02T00:00:00Z', ended = '2026-01-02T00:01:00Z', result = json.null,
        progress = json.null, error = { kind = 'no_space', message = 'disk full' } },
    }
    event.subscribed, event.unsubscribed = {}, {}
  end)

  it('lists the newest first', function()
    expect(call('job.list')[1].id):equals('b')
    expect((command({ 'job', 'list' }))):contains('package.install')
  end)

  it('subscribes the connection while it waits, if asked', function()
    expect(call('job.wait', { id = 'a' }).id):equals('a')
    expect(event.subscribed):has_length(0)
    call('job.wait', { id = 'a', progress = true })
    expect(event.subscribed[1].connection):equals(5)
    expect(event.subscribed[1].filter.job):equals('a')
    expect(event.unsubscribed[1].sub):equals(1)
    call('job.wait', { id = 'gone', progress = true })
    expect(event.unsubscribed):has_length(2)
  end)

  it('waits in the CLI; a failed job is a failed command', function()
    local printed, status = command({ 'job', 'wait' }, { id = 'a' })
    expect(status):equals(0)
    expect(printed):contains('succeeded')
    local _, failed, complained = command({ 'job', 'wait' }, { id = 'b' })
    expect(failed):equals(1)
    expect(complained):equals('error: disk full\n')
  end)

  it('cancels', function()
    expect(call('job.cancel', { id = 'a' })):is_nil()
    expect(job.cancelled):equals({ 'a' })
    local _, err = call('job.cancel', { id = 'gone' })
    expect(err.code):equals('not_found')
  end)

  it('draws a line of progress', function()
    local follow = require('core.follow')
    local half = { done = 1, total = 2 }
    expect(follow.line({ title = 'Install x', progress = { overall = half, phases = {
      { name = 'Unpacking', progress = half }, { name = 'Later', progress = json.null },
    } } })):matches('^Install x %[#+.+%]  50%%  Unpacking$')
    expect(follow.line({ kind = 'k', target = 't', progress = false })):contains('k t [')
  end)
end)
