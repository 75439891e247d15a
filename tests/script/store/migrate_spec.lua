--- Documents as older versions left them, brought to what these scripts expect.
local engine = require('engine.store')
local json = require('engine.json')
local migrate = require('store.migrate')

--- For each migration: documents it meets, and what they become.
local RECORDED = {
  ['0001-parts'] = {
    { '{}', '{"private":{"packages":{}},"public":{"packageData":{},"serverInfo":{},"ui":{}}}' },
    {
      '{"private":{"keys":1},"public":{"serverInfo":{"version":"0.1.0"},"ui":{"theme":"dark"}}}',
      '{"private":{"keys":1,"packages":{}},"public":{"packageData":{},'
        .. '"serverInfo":{"version":"0.1.0"},"ui":{"theme":"dark"}}}',
    },
    {
      '{"private":{"packages":{"web":{}}},"public":{"packageData":{},"serverInfo":{},"ui":{}}}',
      '{"private":{"packages":{"web":{}}},"public":{"packageData":{},"serverInfo":{},"ui":{}}}',
    },
  },
}

describe('the migrations', function()
  it('are numbered from 0001 on, and each has a recorded document', function()
    local known = migrate.known()
    for number, migration in ipairs(known) do
      expect(migration.number):equals(number)
      expect(RECORDED[migration.name]):is_truthy()
    end
  end)

  for name, documents in pairs(RECORDED) do
    for i, document in ipairs(documents) do
      it(('%s makes the right document of number %d'):format(name, i), function()
        assert(engine.put('', json.raw(document[1])))
        assert(engine.mutate(function(db) return require('store.migrations.' .. name).up(db) end))
        expect(tostring(engine.raw(''))):equals(document[2])
      end)
    end
  end
end)

describe('the state of a store', function()
  it('changes together with the document, and alone', function()
    expect(engine.schema()):is_nil()
    expect(migrate.state().version):equals(0)
    local result = engine.mutate(function(db)
      db:set_schema({ version = 1, applied = { { name = '0001-parts', time = 'now' } } })
      return nil, { code = 'conflict', message = 'no' }
    end)
    expect(result):is_nil()
    expect(migrate.state().version):equals(0)
    local before = engine.head()
    local _, outcome = assert(engine.mutate(function(db)
      return db:set_schema({ version = 1, applied = { { name = '0001-parts', time = 'now' } } })
    end))
    expect(outcome.revision):equals(before + 1)
    expect(migrate.state().version):equals(1)
    expect(migrate.state().applied[1].name):equals('0001-parts')
  end)

  it('of a newer version is refused, with the way back', function()
    local known = #migrate.known()
    assert(engine.mutate(function(db)
      return db:set_schema({ version = known + 1, applied = {} })
    end))
    local done, err = migrate.run({ directory = '/data/store' })
    expect(done):is_nil()
    expect(err.code):equals('newer_format')
    expect(err.hint):contains(('/data/store-schema-%d.mdb'):format(known))
  end)
end)
