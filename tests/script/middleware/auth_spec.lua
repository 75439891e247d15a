local access = require('support.access')
local connection = require('engine.connection')
local cookie = require('lib.cookie')
local keys = require('middleware.auth.keys')
local sessions = require('middleware.auth.sessions')
local signature = require('middleware.auth.signature')
local state = require('engine.state')
local store = require('engine.store')

local runner = access.runner

before_each(function()
  access.reset()
  state.set('auth.local_cookie', 'secret')
end)

--- Who may call what: each caller, and whether a method with this metadata serves them.
local CALLERS = {
  nobody = function() return access.http() end,
  line = function() return access.tls() end,
  stranger = function() return access.peer(1001) end,
  root = function() return access.peer(0) end,
  daemon = function() return access.peer(1000) end,
  cookie = function() return access.cookie() end,
  session = function() return (access.logged_in()) end,
  key = function() return access.signed() end,
  admin_key = function() return access.signed({ admin = true }) end,
}

local OWNERS = { root = true, daemon = true, cookie = true, session = true, admin_key = true }
local PROVED = { root = true, daemon = true, cookie = true, session = true, admin_key = true,
  key = true }
local ANYBODY = { nobody = true, line = true, stranger = true, root = true, daemon = true,
  cookie = true, session = true, key = true, admin_key = true }

local MATRIX = {
  { {}, PROVED },
  { { authenticated = false }, ANYBODY },
  { { authenticated = false, get_session = true }, ANYBODY },
  { { authenticated = false, get_signer = true }, ANYBODY },
  { { authenticated = false, admin = true }, OWNERS },
  { { login = true }, ANYBODY },
  { { authenticated = false, login = true }, ANYBODY },
  { { get_session = true }, PROVED },
  { { get_signer = true }, PROVED },
  { { admin = true }, OWNERS },
  { { admin = true, get_session = true }, OWNERS },
  { { admin = true, get_signer = true }, OWNERS },
  { { ['local'] = true }, { root = true, daemon = true } },
  { { ['local'] = true, authenticated = false }, { root = true, daemon = true } },
}

local function show(metadata)
  local list = {}
  for key, value in pairs(metadata) do
    list[#list + 1] = key .. '=' .. tostring(value)
  end
  table.sort(list)
  return table.concat(list, ' ')
end

describe('access', function()
  for _, row in ipairs(MATRIX) do
    for name, make in pairs(CALLERS) do
      local metadata, served = row[1], row[2][name] == true
      it(('%s %s a method with {%s}'):format(name, served and 'may call' or 'may not call',
        show(metadata)), function()
        local result, err = runner(metadata)(make(), {})
        if served then
          expect(err):is_nil()
          expect(result):equals('done')
        else
          expect(err.code):equals('authorization')
          expect(err.hint):is_truthy()
        end
      end)
    end
  end

  it('ends the search with the first proof', function()
    local both = access.logged_in()
    both.http.headers.cookie = both.http.headers.cookie .. '; local=secret'
    runner({ get_session = true })(both, {})
    expect(both.auth):equals({ by = 'cookie', owner = true })
    expect(both.session):is_nil()
  end)

  it('tells what is known, even where nothing is needed', function()
    local call, session = access.logged_in()
    runner({ authenticated = false, get_session = true })(call, {})
    expect(call.session):equals({ id = session.id })
    local signed = access.signed()
    runner({ authenticated = false, get_signer = true })(signed, {})
    expect(signed.signer):equals(access.signer().public)
    expect(signed.auth):equals({ by = 'signature', owner = false })
  end)

  it('asks nothing of a public method', function()
    local call = access.logged_in()
    runner({ authenticated = false })(call, {})
    expect(call.auth):is_nil()
  end)

  it('never takes what is proved from the parameters', function()
    local _, err = runner({ authenticated = false })(access.http(), { __Auth_session = 'x' })
    expect(err.code):equals('invalid_params')
  end)

  it('refuses with what is needed, and says why a signature did not count', function()
    local _, err = runner({})(access.signed({ context = 'elsewhere' }), {})
    expect(err.code):equals('authorization')
    expect(err.message):contains('authenticated caller')
    expect(err.message):contains('no valid signature context')
  end)
end)

describe('the local cookie', function()
  local run = runner({})

  it('counts from the host itself only', function()
    local call = access.cookie()
    call.address = '192.0.2.7:4711'
    expect(select(2, run(call, {})).code):equals('authorization')
    call = access.cookie()
    call.address = '[::1]:4711'
    expect(run(call, {})):equals('done')
    call.address = '128.0.0.1:127'
    expect(select(2, run(call, {})).code):equals('authorization')
  end)

  it('is compared as a whole', function()
    for _, text in ipairs({ '', 'secre', 'secret1', 'SECRET' }) do
      expect(select(2, run(access.http({ cookie = 'local=' .. text }), {})).code)
        :equals('authorization')
    end
  end)

  it('does not count before it is made, nor for a page of another origin', function()
    local foreign = access.cookie()
    foreign.http.headers.origin, foreign.http.headers.host = 'http://evil.example', '127.0.0.1'
    expect(select(2, run(foreign, {})).code):equals('authorization')
    state.set('auth.local_cookie', nil)
    expect(select(2, run(access.http({ cookie = 'local=' }), {})).code):equals('authorization')
  end)
end)

describe('a session', function()
  it('is over when it is killed, idle too long, or never was', function()
    local call, session = access.logged_in()
    expect(runner({})(call, {})):equals('done')
    sessions.kill({ session.id })
    expect(select(2, runner({})(call, {})).code):equals('authorization')
    for _, token in ipairs({ 'x', ('a'):rep(26), ('A'):rep(26), '../../../../../password' }) do
      local _, err = runner({})(access.http({ cookie = 'session=' .. token }), {})
      expect(err.code):equals('authorization')
    end
  end)

  it('does not count for a page of another origin', function()
    local call = access.logged_in()
    call.http.headers.origin, call.http.headers.host = 'http://evil.example', 'box:80'
    expect(select(2, runner({})(call, {})).code):equals('authorization')
    call.http.headers.origin = 'http://box:80'
    expect(runner({})(call, {})):equals('done')
  end)

  it('belongs to the connection on a line over TLS', function()
    local _, session = access.logged_in()
    expect(select(2, runner({})(access.tls(), {})).code):equals('authorization')
    connection.put(access.TLS, 'session', { id = session.id })
    expect(runner({})(access.tls(), {})):equals('done')
    sessions.kill({ session.id })
    expect(select(2, runner({})(access.tls(), {})).code):equals('authorization')
  end)

  it('opens a WebSocket that ends with it', function()
    local call, session = access.logged_in()
    call.transport, call.connection = 'ws', access.WEBSOCKET
    runner({})(call, {})
    expect(connection.get(access.WEBSOCKET, 'session')):equals({ id = session.id })
  end)
end)

describe('session_cookie', function()
  local token = ('a'):rep(26)
  local function beginning(call)
    call.new_session = { token = token, id = 'id', max_age = 60 }
    return 'done'
  end

  local function cookies(call)
    local list = {}
    for _, header in ipairs(call.response and call.response.headers or {}) do
      if header[1] == 'Set-Cookie' then list[#list + 1] = header[2] end
    end
    return list
  end

  it('gives the browser a cookie its scripts cannot read', function()
    local call = access.http()
    runner({ login = true }, beginning)(call, {})
    expect(cookies(call)):equals({
      ('session=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=60'):format(token) })
    call = access.http({}, { transport = 'https' })
    call.http.secure = true
    runner({ login = true }, beginning)(call, {})
    expect(cookies(call)[1]):contains('; Secure')
  end)

  it('gives none to a caller who needs none, nor after a failure', function()
    local call = access.cookie()
    runner({ login = true }, beginning)(call, {})
    expect(cookies(call)):equals({})
    call = access.http()
    runner({ login = true }, function(one)
      beginning(one)
      return nil, { code = 'internal' }
    end)(call, {})
    expect(cookies(call)):equals({})
  end)

  it('logs a connection in', function()
    runner({ login = true }, beginning)(access.tls(), {})
    expect(connection.get(access.TLS, 'session')):equals({ id = 'id' })
  end)

  it('takes the cookie away', function()
    local call = access.logged_in()
    runner({ get_session = true }, function(one) one.ended_session = true end)(call, {})
    expect(cookies(call)):equals({ 'session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0' })
  end)
end)

describe('a signature', function()
  local run = runner({ get_signer = true })
  local now = 1700000000

  before_each(function() signature.now = function() return now end end)

  local function refused(change, words)
    local _, err = run(access.signed(change), {})
    expect(err.code):equals('authorization')
    expect(err.message):contains(words)
  end

  it('of the reference is accepted', function()
    local header = ('timestamp=1700000000&nonce=81985529216486895&size=50'
      .. '&blake3=TsZYqBkyOIL%2FwZK8GvHiSxKCUFQ3TuqXHNDNbycgL0s'
      .. '&signer=-----BEGIN+PUBLIC+KEY-----%0AMCowBQYDK2VwAyEAA6EHv%2FPOEL4dcN0Y50vAmWfk1jCbpQ1f'
      .. 'HdyGZBJVMbg%3D%0A-----END+PUBLIC+KEY-----%0A'
      .. '&signature=-----BEGIN+SIGNATURE-----%0AMEkwBQYDK2VwBEAa3rhU0t7LxmOSUPrqyIF%2FGvNROBy%2F'
      .. 'J9svX2%2BJfa5Oz2FsXYu2%0A7vwosBk%2B0xGArBEoM5URhsZyHN%2F%2Bu8Tzu6AH%0A'
      .. '-----END+SIGNATURE-----%0A')
    local signed = assert(signature.parse(header))
    expect(signed.timestamp):equals(1700000000)
    expect(signed.size):equals(50)
    assert(keys.add(signed.signer, { name = '', admin = false }))
    local call = access.http({ ['x-startos-auth-sig'] = header })
    call.http.body_size = 50
    call.http.body_blake3 = '4ec658a819323882ffc192bc1af1e24b12825054374eea971cd0cd6f27202f4b'
    expect(run(call, {})):equals('done')
    expect(call.signer):equals(signed.signer)
  end)

  it('of a time that an earlier run of the daemon has reached is not taken', function()
    local before = signature.taken_before
    signature.taken_before = function() return now + 2 end
    expect(run(access.signed({ timestamp = now + 3 }), {})):equals('done')
    refused({ timestamp = now + 2 }, 'before the daemon began')
    refused({ timestamp = now }, 'before the daemon began')
    signature.taken_before = function() return nil, { code = 'corrupt', message = 'no number' } end
    refused({ timestamp = now + 3 }, 'no number')
    signature.taken_before = before
  end)

  it('counts only when its time is on the disk', function()
    local raise, raised = state.raise, nil
    state.raise = function(_, time)
      raised = time
      return nil, { code = 'no_space', message = 'the disk is full' }
    end
    refused({ timestamp = now + 7 }, 'the disk is full')
    state.raise = raise
    expect(raised):equals(now + 7)
  end)

  it('is taken under both names of the header, and each setting names the host', function()
    local call = access.signed()
    call.http.headers['x-moonbox-auth-sig'] = call.http.headers['x-startos-auth-sig']
    call.http.headers['x-startos-auth-sig'] = nil
    expect(run(call, {})):equals('done')
    expect(run(access.signed({ context = 'box.local' }), {})):equals('done')
    refused({ context = 'panel.example.com' }, 'no valid signature context')
    store.document.public.settings = { hostnames = { 3, {}, ('x'):rep(256), 'panel.example.com' } }
    expect(run(access.signed({ context = 'panel.example.com' }), {})):equals('done')
  end)

  it('holds for one request, whose calls may be many', function()
    local call = access.signed()
    expect(run(call, {})):equals('done')
    expect(run(call, {})):equals('done')
    local header = call.http.headers['x-startos-auth-sig']
    for _, text in ipairs({ header, (header:gsub('nonce=', 'nonce=00')) }) do
      local _, err = run(access.signed({ header = text }), {})
      expect(err.message):contains('used already')
    end
  end)

  it('is refused where more were used within a minute than are remembered', function()
    local most, once, results = signature.MOST_NONCES, state.once, {}
    signature.MOST_NONCES = 2
    state.once = function(_, ...) return once('auth.nonces of this case', ...) end
    local err
    for i = 1, 3 do
      results[i], err = run(access.signed(), {})
    end
    signature.MOST_NONCES, state.once = most, once
    expect(results):equals({ 'done', 'done' })
    expect(err.code):equals('authorization')
    expect(err.message):contains('too much to remember')
  end)

  it('of a size that nobody sent is refused, however large', function()
    local good = access.sign('{"method":"m"}')
    for _, size in ipairs({ '0', '15', '9007199254740993', '18446744073709551615' }) do
      local _, err = run(access.signed({ header = good:gsub('size=%d+', 'size=' .. size) }), {})
      expect(err.message):contains('another body')
    end
  end)

  it('holds for 30 s before and after its time', function()
    expect(run(access.signed({ timestamp = now - 30 }), {})):equals('done')
    expect(run(access.signed({ timestamp = now + 30 }), {})):equals('done')
    refused({ timestamp = now - 31 }, 'too old')
    refused({ timestamp = now + 31 }, 'too old')
  end)

  it('belongs to its body', function()
    refused({ body = '{"method":"n"}' }, 'another body')
    local call = access.signed()
    call.http.body_size = call.http.body_size + 1
    expect(select(2, run(call, {})).message):contains('another body')
    call = access.signed()
    call.http.body_size, call.http.body_blake3 = nil, nil
    expect(select(2, run(call, {})).message):contains('another body')
  end)

  it('of a key that is not known, or no more, is refused', function()
    refused({ unknown = true }, 'not known')
    expect(run(access.signed(), {})):equals('done')
    keys.remove({ keys.id_of(access.signer().public) })
    refused({ unknown = true }, 'not known')
  end)

  it('is refused when the header is damaged', function()
    local good = access.sign('{"method":"m"}')
    for _, header in ipairs({ '', 'x', '%', (good:gsub('size=%d+&', '')),
      (good:gsub('nonce=', 'nonce=-')), (good:gsub('blake3=..', 'blake3=!!')),
      (good:gsub('timestamp=%d+', 'timestamp=18446744073709551616')), good .. '&size=1',
      (good:gsub('signer=[^&]*', 'signer=x')) }) do
      expect(select(2, run(access.signed({ header = header }), {})).code):equals('authorization')
    end
  end)

  it('opens a WebSocket, which stays open until the key is removed', function()
    local call = access.signed()
    call.transport, call.connection = 'ws', access.WEBSOCKET
    expect(run(call, {})):equals('done')
    now = now + 3600
    call.signer = nil
    expect(run(call, {})):equals('done')
    expect(call.signer):equals(access.signer().public)
    keys.remove({ keys.id_of(access.signer().public) })
    expect(select(2, run(call, {})).code):equals('authorization')
    now = now - 3600
  end)

  it('forgets its key file', function() access.forget_signer() end)
end)

describe('lib.cookie', function()
  it('finds a cookie among others', function()
    local header = 'a=1; session = x; b="two"; session=later; c'
    expect(cookie.get(header, 'a')):equals('1')
    expect(cookie.get(header, 'b')):equals('two')
    expect(cookie.get('session=first; session=later', 'session')):equals('first')
    expect(cookie.get(header, 'c')):is_nil()
    expect(cookie.get(nil, 'a')):is_nil()
  end)
end)
