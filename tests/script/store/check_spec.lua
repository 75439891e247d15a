local check = require('store.check')
local engine = require('engine.store')
local json = require('engine.json')
local quota = require('store.quota')
local t = require('lib.rpc').types

local EMPTY = '{"private":{},"public":{"packageData":{},"serverInfo":{},"ui":{}}}'

local PACKAGE = {
  stateInfo = { state = 'installed', manifest = { id = 'web', version = '1' } },
  statusInfo = { desired = { main = 'stopped' }, health = {} },
  s9pk = 'a.s9pk', developerKey = 'PEM', actions = {},
}

before_each(function() assert(engine.put('', json.raw(EMPTY))) end)

--- Puts as `db.put` does.
local function put(at, value)
  return engine.mutate(function(db)
    local done, err = db:put(at, value)
    if not done then return nil, err end
    return check.place(db, at)
  end)
end

local function refused(at, value, words)
  local done, err = put(at, value)
  expect(done):is_nil()
  expect(err.code):equals('invalid_params')
  expect(err.message):matches(words, true)
end

describe('a place of the schema', function()
  it('takes what fits', function()
    expect(put('/public/serverInfo/language', 'de_DE')):is_true()
    expect(put('/public/packageData/web', PACKAGE)):is_true()
    expect(put('/public/packageData/web/statusInfo/desired', { main = 'running' })):is_true()
    expect(put('/public/packageData/web/statusInfo/desired/main', 'stopped')):is_true()
  end)

  it('refuses what does not, naming the pointer', function()
    refused('/public/serverInfo/language', 7,
      '/public/serverInfo/language: expected a string, got a number')
    refused('/public/packageData/web', {}, '/public/packageData/web.actions: is required')
    refused('/public/packageData/No', PACKAGE, '/public/packageData/No: the name expected')
    refused('/public/packageData', json.array({}), '/public/packageData: expected an object')
    assert(put('/public/packageData/web', PACKAGE))
    refused('/public/packageData/web/s9pkk', 1, "/public/packageData/web/s9pkk: the schema has no")
    refused('/public/packageData/web/statusInfo/desired/main', 'walking',
      '/public/packageData/web/statusInfo/desired.main: expected one of')
    refused('', { public = 7, private = {} }, 'the document.public: expected an object')
    refused('', {}, 'the document.private: is required')
    refused('', { private = {} }, 'the document.public: is required')
    expect(tostring(engine.raw('/public/serverInfo'))):equals('{}')
  end)

  it('takes anything where nothing is declared', function()
    expect(put('/public/ui/deep', { password = 'shown by the user interface' })):is_true()
    expect(put('/private/extension', { any = { 1, 2 } })):is_true()
    expect(put('/public/extension', { any = 'thing' })):is_true()
  end)

  it('that is required stays', function()
    assert(put('/public/packageData/web', PACKAGE))
    local patch = { { op = 'remove', path = '/public/packageData/web/s9pk' } }
    local done, err = engine.mutate(function(db)
      assert(db:apply(patch))
      return check.patch(db, patch)
    end)
    expect(done):is_nil()
    expect(err.message):equals('/public/packageData/web/s9pk: is required')
    patch = { { op = 'move', from = '/public/packageData/web/s9pk', path = '/public/ui/x' } }
    done, err = engine.mutate(function(db)
      assert(db:apply(patch))
      return check.patch(db, patch)
    end)
    expect(done):is_nil()
    expect(err.message):equals('/public/packageData/web/s9pk: is required')
  end)

  it('that is only tested is not changed', function()
    local patch = { { op = 'test', path = '/private', value = {} },
      { op = 'add', path = '/public/ui/a', value = 1 } }
    expect(engine.mutate(function(db)
      assert(db:apply(patch))
      return check.patch(db, patch)
    end)):is_true()
  end)
end)

describe('a secret', function()
  it('is refused below public, wherever it is hidden', function()
    refused('/public/serverInfo/passwordHash', '$argon2id$', '/public/serverInfo/passwordHash')
    refused('/public/extension', { deep = { password = 'x' } }, '/public/extension/deep/password')
    refused('/public', { serverInfo = { smtp = { password = 'x' } } },
      '/public/serverInfo/smtp/password names a secret')
    refused('', { private = {}, public = { password = 'x' } },
      '/public/password names a secret')
    expect(put('/private/password', '$argon2id$')):is_true()
    expect(put('/public/serverInfo/passwordless', true)):is_true()
  end)

  it('declared below public keeps the schema from loading', function()
    local declared = t.object{ fields = { public = t.object{ fields = {
      smtp = t.map{ of = t.object{ fields = { key = t.secret } } } } } } }
    local ok, err = pcall(check.lint, declared)
    expect(ok):is_false()
    expect(err):matches("'key' is a secret and may not lie below public", true)
  end)
end)

describe('what user interfaces keep', function()
  it('ends at 1 MiB', function()
    local text = ('x'):rep(300000)
    for i = 1, 3 do
      local at = '/public/ui/' .. i
      expect(quota.admit(at, #text)):is_true()
      assert(engine.put(at, text))
    end
    local done, err = quota.admit('/public/ui/4', #text)
    expect(done):is_nil()
    expect(err.code):equals('request_too_large')
    expect(quota.admit('/public/ui', 2)):is_true()
    assert(engine.put('/public/ui', {}))
    expect(quota.admit('/public/ui/4', #text)):is_true()
    expect(quota.admit('/private/x', 2 ^ 22)):is_true()
  end)

  it('is measured after a patch', function()
    local done, err = engine.mutate(function(db)
      assert(db:put('/public/ui', ('x'):rep(2 ^ 20)))
      return quota.check(db, '/public/ui')
    end)
    expect(done):is_nil()
    expect(err.message):matches('/public/ui would hold more than 1024 KiB', true)
  end)
end)
