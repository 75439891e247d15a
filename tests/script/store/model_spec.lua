local engine = require('engine.store')
local json = require('engine.json')
local loop = require('engine.loop')
local store = require('store')

local MANIFEST = { id = 'web', version = '1.0.0' }

local function package()
  return {
    stateInfo = { state = 'installed', manifest = MANIFEST },
    statusInfo = { desired = { main = 'stopped' }, health = {} },
    s9pk = 'a.s9pk', developerKey = 'PEM', actions = {},
  }
end

local function fails(edit, words)
  local result, err = store.mutate(edit)
  expect(result):is_nil()
  expect(err.message):matches(words, true)
  return err
end

before_each(function()
  assert(engine.put('', { public = { serverInfo = {}, packageData = {}, ui = {} }, private = {} }))
end)

describe('a model', function()
  it('reads what is there, and nil where an optional member is absent', function()
    assert(engine.put('/public/serverInfo', { language = 'de_DE' }))
    store.peek(function(db)
      expect(db.public.serverInfo.language:de()):equals('de_DE')
      expect(db.public.serverInfo.version:de()):is_nil()
      expect(db.public.serverInfo.version:exists()):is_false()
      expect(db.public.serverInfo.language:pointer()):equals('/public/serverInfo/language')
    end)
  end)

  it('changes nothing by being read', function()
    local before = engine.head()
    local result, outcome = store.mutate(function(db)
      expect(db.private.network:transpose()):is_nil()
      expect(db.private.network.subnet:exists()):is_false()
      expect(db.public.packageData:keys()):equals({})
      return db.private.sessions:as_idx('x') == nil
    end)
    expect(result):is_true()
    expect(outcome.changed):is_false()
    expect(engine.head()):equals(before)
    expect(tostring(engine.raw('/private'))):equals('{}')
  end)

  it('comes into being when it is assigned, with what is above it', function()
    assert(engine.put('', {}))
    assert(store.mutate(function(db)
      db.private.notifications.records:insert(3, {
        createdAt = '2026-01-01T00:00:00Z', level = 'info', title = 't', message = 'm', code = 0,
        seen = false, packageId = json.null, data = json.null,
      })
      db.private.notifications.next:ser(4)
    end))
    expect(engine.get('/private/notifications/next')):equals(4)
    expect(engine.keys('/private/notifications/records')):equals({ '3' })
  end)

  it('tells absent from null', function()
    assert(engine.put('/private/x', json.null))
    store.peek(function(db)
      expect(db.private.x:exists()):is_true()
      expect(db.private.y:exists()):is_false()
      expect(db.private.x:de() == json.null):is_true()
      expect(db.private.y:de()):is_nil()
      expect(db.private.x:transpose()):is_nil()
      expect(db.private.y:transpose()):is_nil()
    end)
  end)

  it('names the pointer of a wrong kind', function()
    assert(engine.put('/private/network', 'none'))
    fails(function(db) return db.private.network.subnet:de() end,
      '/private/network: expected an object, got string')
    fails(function(db) db.private.network.subnet:ser('10.0.0.0/24') end,
      '/private/network: expected an object, got string')
    fails(function(db) return db.private.network:de() end, '/private/network: expected an object')
    assert(engine.put('/public/packageData', 7))
    fails(function(db) return db.public.packageData:keys() end,
      '/public/packageData: expected an object, got number')
  end)

  it('checks what is written, before anything changes', function()
    local before = engine.head()
    local err = fails(function(db)
      db.public.serverInfo.language:ser('de_DE')
      local wrong = package()
      wrong.stateInfo.state = 'there'
      db.public.packageData:insert('web', wrong)
    end, '/public/packageData/web.stateInfo.state: expected one of installed')
    expect(err.code):equals('invalid_params')
    fails(function(db) db.public.serverInfo.language:ser(7) end,
      '/public/serverInfo/language: expected a string, got a number')
    fails(function(db) db.public.packageData:insert('No Name', package()) end,
      'the name expected a package id')
    expect(engine.head()):equals(before)
  end)

  it('takes an optional member out with nil, and no other', function()
    assert(engine.put('/public/serverInfo/language', 'de_DE'))
    assert(store.mutate(function(db) db.public.serverInfo.language:ser(nil) end))
    expect(engine.exists('/public/serverInfo/language')):is_false()
    assert(store.mutate(function(db) db.public.packageData:insert('web', package()) end))
    fails(function(db) db.public.packageData:as_idx('web').s9pk:ser(nil) end, 'is required')
  end)

  it('is replaced and edited in place', function()
    assert(engine.put('/public/serverInfo/language', 'de_DE'))
    local old = assert(store.mutate(function(db)
      return db.public.serverInfo.language:replace('fr_FR')
    end))
    expect(old):equals('de_DE')
    assert(store.mutate(function(db) db.public.packageData:insert('web', package()) end))
    assert(store.mutate(function(db)
      return db.public.packageData:as_idx('web').statusInfo:mutate(function(status)
        status.desired = { main = 'running' }
      end)
    end))
    expect(engine.get('/public/packageData/web/statusInfo/desired/main')):equals('running')
    local result, err = store.mutate(function(db)
      return db.public.packageData:as_idx('web').statusInfo:mutate(function(status)
        status.desired = { main = 'stopped' }
        return nil, { code = 'action', message = 'no' }
      end)
    end)
    expect(result):is_nil()
    expect(err.code):equals('action')
    expect(engine.get('/public/packageData/web/statusInfo/desired/main')):equals('running')
  end)

  it('of a map knows its members', function()
    assert(store.mutate(function(db)
      local all = db.public.packageData
      expect(all:insert('web', package())):is_nil()
      expect(all:insert('db', package())):is_nil()
      expect(all:insert('web', package()).s9pk):equals('a.s9pk')
      expect(all:keys()):equals({ 'db', 'web' })
      expect(all:contains_key('web')):is_true()
      expect(all:contains_key('nothing')):is_false()
      expect(all:as_idx('nothing')):is_nil()
      expect(all:upsert('new', package).s9pk:de()):equals('a.s9pk')
      local made = 0
      all:upsert('new', function() made = made + 1 return package() end)
      expect(made):equals(0)
      local seen = {}
      for id, entry in all:entries() do
        seen[#seen + 1] = id .. ' ' .. entry.statusInfo.desired:match()
      end
      expect(seen):equals({ 'db stopped', 'new stopped', 'web stopped' })
      expect(all:remove('db').s9pk):equals('a.s9pk')
      expect(all:remove('db')):is_nil()
    end))
    expect(engine.keys('/public/packageData')):equals({ 'new', 'web' })
  end)

  it('of an array counts from 1', function()
    assert(store.mutate(function(db)
      local names = db.public.settings.hostnames
      expect(names:count()):equals(0)
      names:insert('b')
      names:insert('c')
      names:insert('a', 1)
      expect(names:count()):equals(3)
      expect(names:as_idx(1):de()):equals('a')
      expect(names:as_idx(4)):is_nil()
      expect(names:remove(2)):equals('b')
      expect((pcall(names.insert, names, 7))):is_false()
    end))
    expect(tostring(engine.raw('/public/settings'))):equals('{"hostnames":["a","c"]}')
    assert(store.mutate(function(db) db.public.settings.hostnames:ser({}) end))
    expect(tostring(engine.raw('/public/settings'))):equals('{"hostnames":[]}')
  end)

  it('of a variant leads to its members', function()
    assert(store.mutate(function(db) db.public.packageData:insert('web', package()) end))
    store.peek(function(db)
      local state, model = db.public.packageData:as_idx('web').stateInfo:match()
      expect(state):equals('installed')
      expect(model.manifest.version:de()):equals('1.0.0')
    end)
    assert(engine.put('/public/packageData/web/stateInfo/state', 'gone'))
    fails(function(db) db.public.packageData:as_idx('web').stateInfo:match() end,
      '/public/packageData/web/stateInfo/state: no known variant: gone')
  end)

  it('of a snapshot cannot be changed, and no member is assigned by =', function()
    local ok, err = pcall(store.peek, function(db) db.public.serverInfo.language:ser('x') end)
    expect(ok):is_false()
    expect(err.message):matches('a snapshot cannot be changed', true)
    ok, err = pcall(store.peek, function(db) db.public.serverInfo.language = 'x' end)
    expect(ok):is_false()
    expect(err):matches('assign with :ser()', true)
    ok, err = pcall(store.peek, function(db) return db.private.network.nothing end)
    expect(ok):is_false()
    expect(err):matches("has no member 'nothing'", true)
  end)
end)

describe('mutate', function()
  it('refuses a change inside a change, and releases everything', function()
    local ok, err = pcall(store.mutate, function(db)
      db.public.serverInfo.language:ser('fr_FR')
      store.mutate(function() end)
    end)
    expect(ok):is_false()
    expect(tostring(err)):matches('cannot be made inside another', true)
    expect(engine.exists('/public/serverInfo/language')):is_false()
    assert(store.mutate(function(db) db.public.serverInfo.language:ser('fr_FR') end))
  end)

  it('yields, so that others go on meanwhile', function()
    local ran = false
    local other = loop.spawn(function() ran = true end)
    -- The answer to one change may be queued before the task's first turn.
    for number = 1, 100 do
      assert(store.mutate(function(db) db.private.n:ser(number) end))
      if ran then break end
    end
    expect(ran):is_true()
    other:join()
  end)

  it('gives everybody their turn', function()
    assert(engine.put('/private/n', 0))
    local tasks = {}
    for i = 1, 20 do
      tasks[i] = loop.spawn(function()
        assert(store.mutate(function(db) db.private.n:ser(db.private.n:de() + 1) end))
      end)
    end
    for _, task in ipairs(tasks) do
      task:join()
    end
    expect(engine.get('/private/n')):equals(20)
  end)
end)

describe('a watch', function()
  it('returns at once, then after each change, and reads by its model', function()
    local watch = assert(store.watch(function(db) return db.public.packageData end))
    expect(watch:changed()):is_true()
    local function keys() return watch:peek(function(all) return all:keys() end) end
    expect(keys()):equals({})
    loop.spawn(function()
      assert(store.mutate(function(db) db.public.packageData:insert('web', package()) end))
    end)
    expect(watch:changed(30)):is_true()
    expect(keys()):equals({ 'web' })
    local _, err = watch:changed(0)
    expect(err.code):equals('timeout')
    watch:close()
  end)
end)
