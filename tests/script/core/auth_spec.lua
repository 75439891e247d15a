local access = require('support.access')
local cli = require('lib.rpc.cli')
local limiter = require('middleware.auth.limiter')
local log = require('engine.log')
local password = require('middleware.auth.password')
local server = require('lib.rpc.server')
local sessions = require('middleware.auth.sessions')
local store = require('engine.store')
local support = require('support.cli')
local term = require('engine.term')
local tree = require('core')

local loaded = server.load(tree, 'RpcContext', { development = true })
local PASSWORD = 'correct horse'

local function run(method, call, params) return loaded.runners[method](call, params or {}) end

-- Made once: a hash takes its time by design.
local hash

before_each(function()
  access.reset()
  sessions.now = require('engine.loop').time
  limiter.now = require('engine.loop').now
  if not hash then
    assert(password.set(PASSWORD))
    hash = store.document.private.password
  end
  store.document.private.password = hash
  log.lines = {}
end)

local function token_of(call)
  for _, header in ipairs(call.response.headers) do
    local token = header[1] == 'Set-Cookie' and header[2]:match('^session=([a-z2-7]+);')
    if token then return token end
  end
end

local function log_in(params)
  local call = access.http({ ['user-agent'] = 'spec' })
  params = params or { password = PASSWORD }
  assert(select(2, run('auth.login', call, params)) == nil)
  return token_of(call), call
end

local function with(token) return access.http({ cookie = 'session=' .. token }) end

describe('auth.login', function()
  it('begins a session, whose token is in the cookie alone', function()
    local call = access.http({ ['user-agent'] = 'spec' })
    expect(run('auth.login', call, { password = PASSWORD })):equals({})
    local result = run('auth.session.list', with(token_of(call)))
    expect(result.sessions[result.current].userAgent):equals('spec')
  end)

  it('gives the token to who asks for it', function()
    local call = access.http()
    local result = run('auth.login', call, { password = PASSWORD, returnToken = true })
    expect(result.session):equals(token_of(call))
  end)

  it('refuses a wrong password with number 7, and counts it', function()
    for _ = 1, 5 do
      local _, err = run('auth.login', access.http(), { password = 'wrong' })
      expect(err.code):equals('incorrect_password')
    end
    local verify = password.verify
    password.verify = function() error('looked at the password') end
    local _, err = run('auth.login', access.http(), { password = PASSWORD })
    password.verify = verify
    expect(err.code):equals('rate_limited')
    expect(err.details.retryAfterMs > 0):is_true()
  end)

  it('gives all tries back to who has the right one', function()
    for round = 1, 3 do
      for _ = 1, 4 do
        local _, err = run('auth.login', access.http(), { password = 'wrong' })
        expect({ round, err.code }):equals({ round, 'incorrect_password' })
      end
      expect(run('auth.login', access.http(), { password = PASSWORD })):is_truthy()
    end
  end)

  it('is not for pages of other origins, whose tries do not count', function()
    for _ = 1, 6 do
      local call = access.http({ origin = 'http://evil.example', host = 'box' })
      expect(select(2, run('auth.login', call, { password = PASSWORD })).code)
        :equals('authorization')
    end
    expect(run('auth.login', access.http(), { password = PASSWORD })):is_truthy()
  end)

  it('is not counted for the owner on the host, and gives them no cookie', function()
    for _ = 1, 6 do
      local call = access.peer(0)
      local result = run('auth.login', call, { password = PASSWORD, returnToken = true })
      expect(result.session):has_length(26)
      expect(call.response):is_nil()
    end
  end)

  it('says what to do where no password is set', function()
    store.document.private.password = nil
    local _, err = run('auth.login', access.http(), { password = 'x' })
    expect(err.code):equals('uninitialized')
    expect(err.hint):contains('set-password')
  end)

  it('leaves no secret in the log', function()
    local token = log_in()
    run('auth.login', access.http(), { password = 'another secret' })
    expect(#log.lines > 0):is_true()
    for _, line in ipairs(log.lines) do
      for _, value in pairs(line.fields) do
        for _, secret in ipairs({ PASSWORD, token, 'another secret' }) do
          expect(tostring(value)):never():contains(secret)
        end
      end
      expect(line.fields.params_hash):is_nil()
      expect(line.fields.address):equals('127.0.0.1:4711')
    end
  end)
end)

describe('auth.logout', function()
  it('ends the session and its cookie', function()
    local token = log_in()
    local call = with(token)
    expect(select(2, run('auth.logout', call))):is_nil()
    expect(call.response.headers[1][2]):contains('session=; ')
    expect(call.response.headers[1][2]):contains('Max-Age=0')
    expect(select(2, run('auth.logout', with(token))).code):equals('authorization')
    expect(sessions.list()):equals({})
  end)

  it('has nothing to do for who has no session', function()
    expect(select(2, run('auth.logout', access.peer(0))).code):equals('invalid_params')
  end)
end)

describe('auth.session', function()
  it('lists all, marks the caller, ends others', function()
    local first, second = log_in(), log_in({ password = PASSWORD, ephemeral = true })
    local result = run('auth.session.list', with(first))
    expect(result.current):equals(sessions.id_of(first))
    expect(result.sessions[sessions.id_of(second)].ephemeral):is_true()
    run('auth.session.kill', with(first), { ids = { sessions.id_of(second), 'unknown' } })
    expect(select(2, run('auth.session.list', with(second))).code):equals('authorization')
    expect(run('auth.session.list', with(first))):is_truthy()
  end)
end)

describe('auth.reset-password', function()
  local function reset(call, old, new)
    return select(2, run('auth.reset-password', call, { oldPassword = old, newPassword = new }))
  end

  it('needs the old one from elsewhere, and ends all sessions but one', function()
    local mine, other = log_in(), log_in()
    expect(reset(with(mine), 'wrong', 'battery staple').code):equals('incorrect_password')
    expect(reset(with(mine), nil, 'battery staple').code):equals('incorrect_password')
    expect(reset(with(mine), PASSWORD, 'battery staple')):is_nil()
    expect(run('auth.session.list', with(mine))):is_truthy()
    expect(select(2, run('auth.session.list', with(other))).code):equals('authorization')
    expect(password.verify('battery staple')):is_true()
  end)

  it('counts tries of the old one', function()
    local token = log_in()
    for _ = 1, 5 do
      reset(with(token), 'wrong', 'battery staple')
    end
    expect(reset(with(token), PASSWORD, 'battery staple').code):equals('rate_limited')
  end)

  it('needs no old one of the owner on the host, and no short one of anybody', function()
    expect(reset(access.peer(0), nil, 'short').code):equals('invalid_params')
    expect(reset(access.peer(0), nil, 'battery staple')):is_nil()
  end)
end)

describe('auth.key', function()
  local function add(call, more)
    local params = { key = access.signer().public, name = 'me' }
    for key, value in pairs(more or {}) do
      params[key] = value
    end
    return run('auth.key.add', call, params)
  end

  it('accepts a key once, lists it, removes it', function()
    local made = add(access.peer(0))
    expect(select(2, add(access.peer(0))).code):equals('duplicate')
    local list = run('auth.key.list', access.peer(0))
    expect(list[1].id):equals(made.id)
    expect(list[1].admin):is_false()
    expect(select(2, run('auth.key.remove', access.peer(0), { ids = { made.id } }))):is_nil()
    expect(run('auth.key.list', access.peer(0))):equals({})
    local _, err = run('auth.key.remove', access.peer(0), { ids = { made.id } })
    expect(err.code):equals('not_found')
  end)

  it('refuses what is no key', function()
    expect(select(2, add(access.peer(0), { key = 'x' })).code):equals('pem')
  end)

  it('is for owners: a key without admin lets nobody in', function()
    expect(select(2, run('auth.key.list', access.signed())).code):equals('authorization')
    expect(select(2, run('auth.session.list', access.signed())).code):equals('authorization')
    access.reset()
    expect(run('auth.key.list', access.signed({ admin = true }))):is_truthy()
    access.forget_signer()
  end)
end)

describe('db.dump', function()
  it('shows what is private on the host only', function()
    local token = log_in()
    for _, pointer in ipairs({ '', '/private', '/private/password', '/publicity', '/public~1x' }) do
      expect(select(2, run('db.dump', with(token), { pointer = pointer })).code)
        :equals('authorization')
    end
    expect(run('db.dump', with(token), { pointer = '/public' })):is_truthy()
    expect(tostring(run('db.dump', access.peer(0), { pointer = '/private/password' }).value))
      :contains('argon2id')
    expect(select(2, run('db.apply', with(token), { patch = '[]' })).code):equals('authorization')
    expect(select(2, run('db.put', with(token), { pointer = '/private/x', value = 1 })).code)
      :equals('authorization')
  end)
end)

describe('the commands', function()
  local typed

  before_each(function()
    typed = {}
    term.is_tty = function() return true end
    term.read_line = function(_prompt, opts)
      expect(opts.echo):is_false()
      return table.remove(typed, 1)
    end
  end)

  local function command(path, params)
    local env = support.environment(function(method, sent)
      return run(method, access.peer(0), sent)
    end)
    local status = cli.run(tree, path, params or {}, {}, env)
    return status, env
  end

  it('set the password, typed twice', function()
    typed = { 'battery staple', 'battery staple' }
    expect((command({ 'auth', 'set-password' }))):equals(0)
    expect(password.verify('battery staple')):is_true()
    typed = { 'battery staple', 'battery stable' }
    local status, env = command({ 'auth', 'set-password' })
    expect(status):equals(2)
    expect(env.complained):contains('differ')
  end)

  it('print a token', function()
    typed = { PASSWORD }
    local status, env = command({ 'auth', 'login' })
    expect(status):equals(0)
    expect(env.printed):matches('^[a-z2-7]+\n$')
    expect(sessions.list()[sessions.id_of(env.printed:sub(1, 26))]):is_truthy()
  end)

  it('show sessions as a table', function()
    local call = select(2, log_in())
    local _, env = command({ 'auth', 'session', 'list' })
    expect(env.printed):contains('USER AGENT')
    expect(env.printed):contains(sessions.id_of(token_of(call)))
  end)
end)
