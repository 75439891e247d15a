local access = require('support.access')
local log = require('engine.log')
local store = require('engine.store')

local runner = access.runner

before_each(access.reset)

describe('audit', function()
  before_each(function() log.lines = {} end)

  it('writes one line: who, what, how it ended; never the contents', function()
    runner({ audit = true })(access.peer(0), { text = 'secret' })
    expect(log.lines):has_length(1)
    local line = log.lines[1]
    expect(line.target):equals('audit')
    expect(line.message):equals('m')
    expect(line.fields.uid):equals(0)
    expect(line.fields.pid):equals(9)
    expect(line.fields.result):equals('ok')
    expect(line.fields.params_bytes):equals(#'{"text":"secret"}')
    expect(line.fields.params_hash):has_length(16)
    expect(line.fields.ms >= 0):is_true()
    for _, value in pairs(line.fields) do
      expect(tostring(value)):never():contains('secret')
    end
  end)

  it('sees what is refused, what fails and what raises', function()
    runner({ audit = true })(access.peer(1001), {})
    runner({ audit = true })(access.peer(0), { text = 3 })
    runner({ audit = true }, function() return nil, { code = 'conflict' } end)(access.peer(0), {})
    local raising = runner({ audit = true }, function() error('broken', 0) end)
    expect(function() raising(access.peer(0), {}) end):raises({ code = 'script' })
    local results = {}
    for i, line in ipairs(log.lines) do
      results[i] = line.fields.result
    end
    expect(results):equals({ 'authorization', 'invalid_params', 'conflict', 'raised' })
  end)

  it('says where a caller came from and how they proved it', function()
    local call, session = access.logged_in()
    runner({ audit = true })(call, {})
    local fields = log.lines[1].fields
    expect(fields.address):equals('127.0.0.1:4711')
    expect(fields.by):equals('session')
    expect(fields.session):equals(session.id:sub(1, 12))
    runner({ audit = true })(access.http(), {})
    expect(log.lines[2].fields.address):equals('127.0.0.1:4711')
    expect(log.lines[2].fields.result):equals('authorization')
  end)

  it('tells nothing of secret parameters, not even a hash', function()
    runner({ audit = true, secret = true })(access.peer(0), { text = 'secret' })
    expect(log.lines[1].fields.params_bytes):is_nil()
    expect(log.lines[1].fields.params_hash):is_nil()
  end)

  it('is silent for other methods', function()
    runner({})(access.peer(0), {})
    expect(log.lines):has_length(0)
  end)
end)

describe('sync_db', function()
  it('tells the revision the store has reached, also with an error', function()
    local one = access.peer(0)
    runner({ sync_db = true })(one, {})
    expect(one.response.patch_sequence):equals(7)
    one = access.peer(1001)
    runner({ sync_db = true })(one, {})
    expect(one.response.patch_sequence):equals(7)
    one = access.peer(0)
    runner({})(one, {})
    expect(one.response):is_nil()
  end)

  it('tells what was written before a call failed', function()
    for _, fail in ipairs({ function() return nil, { code = 'conflict' } end, error }) do
      local one = access.peer(0)
      pcall(runner({ sync_db = true }, function()
        store.put('/public/x', 1)
        return fail('broken')
      end), one, {})
      expect(one.response.patch_sequence):equals(store.head())
    end
    expect(store.head()):equals(9)
  end)
end)

describe('user_agent', function()
  it('is what the client calls itself, where somebody logs in', function()
    local one = access.http({ ['user-agent'] = 'curl/8' })
    runner({ login = true })(one, {})
    expect(one.user_agent):equals('curl/8')
    one = access.http({ ['user-agent'] = 'curl/8' })
    runner({})(one, {})
    expect(one.user_agent):is_nil()
  end)

  it('is short plain text', function()
    local one = access.http({ ['user-agent'] = 'a\27[31m' })
    runner({ login = true })(one, {})
    expect(one.user_agent):is_nil()
    one = access.http({ ['user-agent'] = ('a'):rep(1000) })
    runner({ login = true })(one, {})
    expect(one.user_agent):has_length(200)
  end)
end)

describe('device_info', function()
  local function ask(header)
    local one = access.http({ ['x-startos-device-info'] = header })
    local result, err = runner({ authenticated = false, get_device_info = true })(one, {})
    return one.device, result, err
  end

  it('reads the header', function()
    expect((ask('os.version=0.4.0&os.compat=%3E%3D0.3.5%3A0&os.platform=x86_64&os.language=de')))
      :equals({ os = { version = '0.4.0', compat = '>=0.3.5:0', platform = 'x86_64',
        language = 'de' } })
    local old = ask('os.version=1&os.compat=*&os.platform=p&hardware.arch=x86_64&hardware.ram=4096')
    expect(old.hardware):equals({ arch = 'x86_64', ram = 4096 })
    local device, result = ask(nil)
    expect(device):is_nil()
    expect(result):equals('done')
  end)

  it('refuses a damaged one', function()
    for _, header in ipairs({ 'x', 'os.version=1', '%zz=1',
      'os.version=v1&os.compat=*&os.platform=p', 'os.version=1&os.compat=1 |&os.platform=p' }) do
      local _, _, err = ask(header)
      expect(err.code):equals('invalid_request')
    end
  end)
end)

describe('cors', function()
  local run = runner({ authenticated = false })

  local function headers(call)
    local map = {}
    for _, header in ipairs(call.response and call.response.headers or {}) do
      map[header[1]] = header[2]
    end
    return map
  end

  local function asked(origin, more)
    local call = access.http({ origin = origin, host = 'box:8080' })
    for key, value in pairs(more or {}) do
      call.http[key] = value
    end
    run(call, {})
    return headers(call)
  end

  it('lets pages of the same origin in, and those the operator names', function()
    expect(asked('http://box:8080')['Access-Control-Allow-Origin']):equals('http://box:8080')
    expect(asked('https://box:8080')['Access-Control-Allow-Origin']):is_nil()
    expect(asked('https://panel.example')['Access-Control-Allow-Origin']):is_nil()
    store.document.public.settings = { allowedOrigins = { 'https://panel.example' } }
    local got = asked('https://panel.example')
    expect(got['Access-Control-Allow-Origin']):equals('https://panel.example')
    expect(got['Access-Control-Allow-Credentials']):equals('true')
    expect(got['Access-Control-Expose-Headers']):contains('X-Patch-Sequence')
  end)

  it('gives others nothing, and tells caches that it depends', function()
    for _, origin in ipairs({ 'http://evil.example', 'null', 'http://box:8080.evil.example' }) do
      expect(asked(origin)):equals({ Vary = 'Origin' })
    end
    expect(asked(nil)):equals({})
  end)

  it('answers a preflight', function()
    local got = asked('http://box:8080', { method = 'OPTIONS' })
    expect(got['Access-Control-Allow-Methods']):contains('POST')
    expect(got['Access-Control-Allow-Headers']):contains('Content-Type')
    expect(asked('http://evil.example', { method = 'OPTIONS' })):equals({ Vary = 'Origin' })
  end)

  it('is silent on sockets', function()
    local one = access.peer(0)
    run(one, {})
    expect(one.response):is_nil()
  end)
end)
