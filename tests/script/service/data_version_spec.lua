local data_version = require('service.data_version')

local function target(data, old_to, new_from, old_version, new_version)
  local old = { id = 'p', version = old_version or '1:0', canMigrateTo = old_to }
  local new = { id = 'p', version = new_version or '2:0', canMigrateFrom = new_from }
  return data_version.target(data, old, new)
end

describe('service.data_version', function()
  it('leaves data alone that the new version accepts', function()
    expect(target('1:0', '!', '*')):equals('1:0')
    expect(target('0.9:0', '*', '^0.9')):equals('0.9:0')
    expect(target('>=0.9:0 && <1:0', '!', '>=0.8 && <0.95')):equals('>=0.9:0 && <1:0')
    expect(target('2:0', '!', '!')):equals('2:0')
  end)

  it('has the old version prepare what the new one does not accept', function()
    expect(target('1:0', '<3', '!')):equals('2:0')
    expect(target('1:0', '>=1 && <2', '>=1.5')):equals('>=1.5:0 && <2:0')
  end)

  it('asks for nothing where there is no data', function()
    expect(target(nil, '!', '!')):equals('1:0')
  end)

  it('refuses an update there is no way for', function()
    local where, err = target('1:0', '!', '>=1.5')
    expect(where):is_nil()
    expect(err.code):equals('version_incompatible')
    expect(err.message):equals('p 2:0 cannot follow 1:0: the data fits 1:0, the new version takes '
      .. 'data of >=1.5, and the old one can leave it for !')
    expect(select(2, target('#a:1:0', '*', '>=1', nil, '#b:2:0'))):is_nil()
    expect(select(2, target('1:0', '>=1 && <1.5', '>=1.5')).code):equals('version_incompatible')
  end)
end)
