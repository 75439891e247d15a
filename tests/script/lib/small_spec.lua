local duration = require('lib.duration')
local json = require('engine.json')
local names = require('lib.names')
local null = require('lib.null')
local pointer = require('lib.pointer')

describe('duration', function()
  it('reads what people write', function()
    for text, seconds in pairs({ ['90'] = 90, ['1.5s'] = 1.5, ['500ms'] = 0.5, ['5m'] = 300,
      ['1h30m'] = 5400, ['2d'] = 172800 }) do
      expect(duration.parse(text)):equals(seconds)
    end
    expect(duration.parse(3)):equals(3)
  end)

  it('refuses what is none', function()
    for _, text in ipairs({ '', 's', '1 h', '-1', '1x', '1h30' }) do
      local seconds, problem = duration.parse(text)
      expect(seconds):is_nil()
      expect(problem):contains('expected a duration')
    end
    expect((duration.parse(-1))):is_nil()
    expect((duration.parse(math.huge))):is_nil()
  end)

  it('writes the two largest units', function()
    expect(duration.format(0.12)):equals('120 ms')
    expect(duration.format(2.5)):equals('2.5 s')
    expect(duration.format(60)):equals('1m')
    expect(duration.format(5400)):equals('1h 30m')
    expect(duration.format(90061)):equals('1d 1h')
  end)
end)

describe('pointer', function()
  it('joins and splits with escapes', function()
    expect(pointer.join('public', 'a/b', 'c~d', 0)):equals('/public/a~1b/c~0d/0')
    expect(pointer.join()):equals('')
    for text, tokens in pairs({ [''] = {}, ['/'] = { '' }, ['/a/'] = { 'a', '' },
      ['/a//b'] = { 'a', '', 'b' }, ['/a~1b/c~0d'] = { 'a/b', 'c~d' }, ['/~01'] = { '~1' } }) do
      expect(pointer.split(text)):equals(tokens)
      expect(pointer.join(unpack(tokens))):equals(text)
    end
  end)

  it('refuses what is none', function()
    for _, text in ipairs({ 'a', 'a/b', '/a~', '/a~2' }) do
      expect((pointer.split(text))):is_nil()
    end
  end)
end)

describe('names', function()
  it('are camelCase on the wire and kebab-case in the CLI', function()
    expect(names.kebab('packageId')):equals('package-id')
    expect(names.kebab('rootSighashHex')):equals('root-sighash-hex')
    expect(names.kebab('id')):equals('id')
    expect(names.placeholder('packageId')):equals('PACKAGE_ID')
  end)
end)

describe('null', function()
  it('tells the sentinel from opaque values', function()
    expect(null.is_null(json.null)):is_true()
    expect(null.is_null(nil)):is_false()
    expect(null.is_null(json.raw('null'))):is_false()
    expect(null.is_opaque(json.raw('1'))):is_true()
    expect(null.is_opaque(json.null)):is_false()
    expect(null.is_opaque({})):is_false()
  end)
end)
