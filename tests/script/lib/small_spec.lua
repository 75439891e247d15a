local copy = require('lib.copy')
local duration = require('lib.duration')
local form = require('lib.form')
local json = require('engine.json')
local list = require('lib.list')
local names = require('lib.names')
local null = require('lib.null')
local pointer = require('lib.pointer')
local timestamp = require('lib.timestamp')
local u64 = require('lib.u64')

describe('timestamp', function()
  it('writes and reads points in time', function()
    for text, seconds in pairs({ ['1970-01-01T00:00:00Z'] = 0, ['2000-02-29T23:59:59Z'] = 951868799,
      ['2026-11-21T04:47:16Z'] = 1795236436, ['1900-03-01T00:00:00Z'] = -2203891200 }) do
      expect(timestamp.parse(text)):equals(seconds)
      if seconds >= 0 then expect(timestamp.format(seconds)):equals(text) end
    end
    expect(timestamp.parse('2026-11-21T04:47:16.250Z')):equals(1795236436.25)
    expect(timestamp.format(0.9)):equals('1970-01-01T00:00:00Z')
  end)

  it('reads nothing else', function()
    for _, text in ipairs({ '', 'now', '2026-11-21', '2026-11-21T04:47:16',
      '2026-11-21T04:47:16+01:00', ' 2026-11-21T04:47:16Z' }) do
      expect(timestamp.parse(text)):is_nil()
    end
    expect(timestamp.parse(nil)):is_nil()
  end)
end)

describe('form', function()
  it('reads keys and values', function()
    expect(form.decode('a=1&b=x+y%2Fz&c=')):equals({ a = '1', b = 'x y/z', c = '' })
    expect(form.decode('')):equals({})
    expect(form.decode('a=b=c')):equals({ a = 'b=c' })
  end)

  it('writes them', function()
    expect(form.encode({ b = 'x y/z+&=%', a = '1' })):equals('a=1&b=x+y%2Fz%2B%26%3D%25')
    local all = {}
    for byte = 0, 255 do
      all[#all + 1] = string.char(byte)
    end
    local text = table.concat(all)
    expect(form.decode(form.encode({ k = text }))):equals({ k = text })
  end)

  it('refuses what is malformed or said twice', function()
    for _, text in ipairs({ 'a', 'a=%', 'a=%4', 'a=%zz', '%=1', 'a=1&a=2' }) do
      expect(form.decode(text)):is_nil()
    end
  end)
end)

describe('u64', function()
  it('makes bytes of decimal texts', function()
    local function hex(text)
      local bytes = u64.bytes(text)
      return bytes and (bytes:gsub('.', function(c) return ('%02x'):format(c:byte()) end))
    end
    expect(hex('0')):equals('0000000000000000')
    expect(hex('81985529216486895')):equals('0123456789abcdef')
    expect(hex('18446744073709551615')):equals('ffffffffffffffff')
    for _, text in ipairs({ '', '-1', '1.5', ' 1', '18446744073709551616', ('9'):rep(21) }) do
      expect(hex(text)):is_nil()
    end
  end)
end)

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

describe('list', function()
  it('makes one of two', function()
    local one = { 'a' }
    expect(list.append(one, { 'b', 'c' })):equals({ 'a', 'b', 'c' })
    expect(list.append(one, {})):equals({ 'a', 'b', 'c' })
  end)

  it('tells what is in one', function()
    expect(list.contains({ 1, 'x' }, 'x')):equals(true)
    expect(list.contains({}, 'x')):equals(false)
  end)
end)

describe('copy', function()
  it('puts the second over the first and changes neither', function()
    local one, other = { a = 1, b = 2 }, { b = 3 }
    expect(copy.merged(one, other)):equals({ a = 1, b = 3 })
    expect(copy.merged(one)):equals({ a = 1, b = 2 })
    expect(other):equals({ b = 3 })
  end)
end)
