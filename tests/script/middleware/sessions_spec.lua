local access = require('support.access')
local connection = require('engine.connection')
local continuation = require('engine.continuation')
local limiter = require('middleware.auth.limiter')
local sessions = require('middleware.auth.sessions')
local state = require('engine.state')
local store = require('engine.store')

local DAY = 86400
local now = 1700000000

before_each(function()
  access.reset()
  now = 1700000000
  sessions.now = function() return now end
end)

describe('sessions', function()
  local function begin(options) return assert(sessions.create(options or {})) end

  it('make the id of a token as the reference does', function()
    expect(sessions.id_of('abcdefghijklmnopqrstuvwxy2'))
      :equals('lgm6kmkljthfcdwele3xeme7eoc6txhu6esqrjyntnakezi7xjpa')
    expect(sessions.id_of('abcdefghijklmnopqrstuvwxy')):is_nil()
    expect(sessions.id_of('ABCDEFGHIJKLMNOPQRSTUVWXY2')):is_nil()
  end)

  it('keep a record, and never the token', function()
    local one = begin({ user_agent = 'curl/8' })
    expect(one.token):matches('^[a-z2-7]+$')
    expect(one.token):has_length(26)
    expect(one.id):equals(sessions.id_of(one.token))
    expect(store.document.private.sessions[one.id]):equals({ userAgent = 'curl/8',
      loggedIn = '2023-11-14T22:13:20Z', lastActive = '2023-11-14T22:13:20Z' })
    for _, name in ipairs(state.names()) do
      expect(name):never():contains(one.token)
    end
  end)

  it('are in memory only when they are ephemeral', function()
    local one = begin({ ephemeral = true })
    expect(store.document.private.sessions):is_nil()
    expect(sessions.touch(one.id)):is_truthy()
    expect(sessions.list()[one.id].ephemeral):is_true()
    sessions.kill({ one.id })
    expect(sessions.touch(one.id)):is_nil()
  end)

  it('are touched in memory, and written down by a flush', function()
    local one, revision = begin(), store.head()
    now = now + 60
    sessions.touch(one.id)
    expect(store.head()):equals(revision)
    expect(sessions.list()[one.id].lastActive):equals('2023-11-14T22:14:20Z')
    sessions.flush()
    expect(store.document.private.sessions[one.id].lastActive):equals('2023-11-14T22:14:20Z')
    local flushed = store.head()
    sessions.flush()
    expect(store.head()):equals(flushed)
  end)

  it('end after 30 days without use, or after what the operator sets', function()
    local one, other = begin(), begin({ ephemeral = true })
    now = now + 30 * DAY
    expect(sessions.touch(one.id)):is_truthy()
    now = now + 29 * DAY
    expect(sessions.touch(one.id)):is_truthy()
    expect(sessions.touch(other.id)):is_nil()
    store.document.public.settings = { sessionIdle = '2h' }
    now = now + 7200
    expect(sessions.touch(one.id)):is_truthy()
    now = now + 7201
    expect(sessions.touch(one.id)):is_nil()
    expect(sessions.list()):equals({})
    sessions.flush()
    expect(store.document.private.sessions):equals({})
    expect(state.names('session.')):equals({})
  end)

  it('take the default where the setting makes no sense', function()
    local one = begin()
    for _, wrong in ipairs({ 'soon', -1, 0, true, '' }) do
      store.document.public.settings = { sessionIdle = wrong }
      expect(sessions.touch(one.id)):is_truthy()
    end
  end)

  it('are not too many: the idlest makes room', function()
    local most = sessions.MOST
    sessions.MOST = 2
    local first, second = begin(), begin({ ephemeral = true })
    now = now + 10
    sessions.touch(first.id)
    local third = begin()
    sessions.MOST = most
    expect(sessions.touch(second.id)):is_nil()
    expect(sessions.touch(first.id)):is_truthy()
    expect(sessions.touch(third.id)):is_truthy()
  end)

  it('are not got into by what somebody calls an id', function()
    local one = begin()
    expect(sessions.kill({ one.id .. '/lastActive', '', '/', '~0', ('a'):rep(52) })):is_true()
    expect(store.document.private.sessions[one.id].lastActive):is_truthy()
    expect(sessions.touch(one.id)):is_truthy()
  end)

  it('are all ended but one', function()
    local keep = begin()
    begin()
    begin({ ephemeral = true })
    sessions.kill_others(keep.id)
    local left = sessions.list()
    expect(left[keep.id]):is_truthy()
    left[keep.id] = nil
    expect(left):equals({})
  end)

  it('forget a use that was noted while they ended', function()
    local one = begin()
    sessions.kill({ one.id })
    state.set('session.touched.' .. one.id, now)
    expect(sessions.touch(one.id)):is_nil()
    sessions.flush()
    expect(state.names('session.')):equals({})
  end)

  it('take their connections and streams with them', function()
    continuation.killed = {}
    local one, other = begin(), begin()
    connection.put(access.TLS, 'session', { id = one.id })
    connection.put(access.WEBSOCKET, 'session', { id = other.id })
    sessions.kill({ one.id, 'unknown' })
    expect(continuation.killed):equals({ one.id, 'unknown' })
    expect(connection.get(access.TLS, 'session')):is_nil()
    expect(connection.get(access.WEBSOCKET, 'session')):equals({ id = other.id })
  end)
end)

describe('the login limiter', function()
  local clock

  before_each(function()
    clock = 1000
    limiter.now = function() return clock end
  end)

  local function try(address)
    local call = access.http({}, { address = address or '192.0.2.1:1000' })
    local allowed, err = limiter.take(call)
    return allowed, err, call
  end

  it('allows five tries, then one every 20 s, and says when', function()
    for _ = 1, 5 do
      expect(try()):is_true()
    end
    local allowed, err, call = try('192.0.2.1:2000')
    expect(allowed):is_nil()
    expect(err.code):equals('rate_limited')
    expect(err.details.retryAfterMs):equals(20000)
    expect(call.response.headers):equals({ { 'Retry-After', '20' } })
    clock = clock + 15
    expect(select(2, try()).details.retryAfterMs):equals(5000)
    clock = clock + 5
    expect(try()):is_true()
    expect(try()):is_nil()
  end)

  it('gives all tries back to who succeeds', function()
    local call
    for _ = 1, 5 do
      call = select(3, try())
    end
    limiter.succeeded(call)
    for _ = 1, 5 do
      expect(try()):is_true()
    end
  end)

  it('counts addresses apart, networks of IPv6 together', function()
    for _ = 1, 5 do
      try('192.0.2.1:1')
    end
    expect(try('192.0.2.1:1')):is_nil()
    expect(try('192.0.2.2:1')):is_true()
    for i = 1, 5 do
      expect(try(('[2001:db8:0:1::%x]:1'):format(i))):is_true()
    end
    expect(try('[2001:db8:0:1:ffff::1]:1')):is_nil()
    expect(try('[2001:db8:0:2::1]:1')):is_true()
    expect(limiter.key({ address = '[::ffff:192.0.2.1]:9' })):equals('192.0.2.1')
    expect(limiter.key({ address = '[::1]:9' })):equals('0:0:0:0')
    expect(limiter.key({ address = '[2001:db8::7]:9' })):equals('2001:db8:0:0')
  end)

  it('has a slow limit for all, which spares those who logged in before', function()
    limiter.succeeded(select(3, try('198.51.100.1:1')))
    for i = 1, 59 do
      expect(try(('192.0.2.%d:1'):format(i))):is_true()
    end
    expect(select(2, try('192.0.2.200:1')).details.retryAfterMs):equals(3000)
    expect(try('198.51.100.1:1')):is_true()
    clock = clock + 3
    expect(try('192.0.2.200:1')):is_true()
  end)

  it('forgets those who have all their tries again', function()
    try()
    limiter.sweep()
    expect(#state.names('auth.limiter.')):equals(2)
    clock = clock + 100
    limiter.sweep()
    expect(state.names('auth.limiter.')):equals({ 'auth.limiter.*' })
  end)
end)
