local exver = require('lib.exver')
local file = require('engine.file')

local READ = { plain = exver.plain, version = exver.version, range = exver.range }

local function text_of(written)
  return (written:gsub('\\t', '\t'):gsub('\\n', '\n'):gsub('{(%d+):([^}]+)}', function(times, part)
    return part:rep(tonumber(times))
  end))
end

local function details(read, text)
  local value, err = read(text)
  expect(value):is_nil()
  expect(err.code):equals('parse_version')
  expect(err.details.text):equals(text)
  return { err.details.reason, err.details.position }, err.message
end

describe('exver syntax', function()
  it('reads what the engine reads', function()
    local count = 0
    for line in assert(file.read('tests/data/exver/syntax.txt')):gmatch('[^\n]+') do
      local kind, answer, written = line:match('^(%l+) (%l+) (.*)$')
      if kind and not line:find('^#') then
        count = count + 1
        expect({ line, READ[kind](text_of(written)) ~= nil }):equals({ line, answer == 'yes' })
      end
    end
    expect(count > 80):is_true()
  end)

  it('says what is wrong with a version, and where', function()
    expect((details(exver.version, '1.2.3'))):equals({ 'downstream', 6 })
    expect((details(exver.version, '1.x:0'))):equals({ 'integer', 3 })
    expect((details(exver.version, '1x:0'))):equals({ 'integer', 2 })
    expect((details(exver.version, '1:18446744073709551616'))):equals({ 'integer', 3 })
    expect((details(exver.version, '1.0-a..b:0'))):equals({ 'empty_segment', 7 })
    expect((details(exver.version, '1.0-:0'))):equals({ 'empty_segment', 5 })
    expect((details(exver.version, '1.0-01:0'))):equals({ 'leading_zero', 5 })
    expect((details(exver.version, '1.0-a_b:0'))):equals({ 'segment_character', 6 })
    expect((details(exver.version, '1:0-a_b'))):equals({ 'segment_character', 6 })
    expect((details(exver.version, '#K:1:0'))):equals({ 'flavor', 2 })
    expect((details(exver.version, '1.2.3:4:5'))):equals({ 'integer', 8 })
    expect((details(exver.plain, '1.2:0'))):equals({ 'integer', 4 })
  end)

  it('says where a range ends to make sense', function()
    local place, message = details(exver.range, '>=1 zzz')
    expect(place):equals({ 'range', 5 })
    expect(message):equals("'>=1 zzz' is not a version range: a number is expected, at byte 5")
    expect((details(exver.range, '>=1 '))):equals({ 'range', 5 })
    expect((details(exver.range, '(1 || 2'))):equals({ 'range', 8 })
    expect((details(exver.range, '1.0-01'))):equals({ 'range', 5 })
    expect((details(exver.range, '!(!('))):equals({ 'range', 5 })
    expect((details(exver.range, ''))):equals({ 'range', 1 })
  end)

  it('shortens long texts in messages', function()
    local _, message = details(exver.range, ('('):rep(100000))
    expect(#message < 200):is_true()
  end)
end)

describe('exver helpers', function()
  it('give the next version', function()
    expect(exver.print(exver.increment_major('1.2.3-beta:4'))):equals('2.0.0:0')
    expect(exver.print(exver.increment_major('#a:0.0.3:4'))):equals('#a:0.0.4:0')
    expect(exver.print(exver.increment_major('0.0:4'))):equals('1.0:0')
    expect(exver.print(exver.increment_minor('1.2.3:4'))):equals('1.3.0:0')
    expect(exver.print(exver.increment_minor('7:1'))):equals('7.1:0')
    expect(exver.increment_major('18446744073709551615:0')):is_nil()
  end)

  it('fold any and none away', function()
    local one = exver.range('=1')
    expect(exver.all_of({})):equals(exver.ANY)
    expect(exver.any_of({})):equals(exver.NONE)
    expect(exver.all_of({ exver.ANY, one })):equals(one)
    expect(exver.any_of({ one, exver.ANY })):equals(exver.ANY)
    expect(exver.all_of({ one, exver.NONE })):equals(exver.NONE)
  end)

  it('sort flavors by name and plain versions last', function()
    local list = { '1:0', '#b:1:0', '#a:2:0', '#a:1:0', '0.9:0' }
    table.sort(list, function(a, b) return exver.order(a, b) < 0 end)
    expect(list):equals({ '#a:1:0', '#a:2:0', '#b:1:0', '0.9:0', '1:0' })
  end)

  it('bound what no integer follows', function()
    expect(exver.wire('^18446744073709551615')):equals('>=18446744073709551615:0')
    expect(exver.wire('^0.18446744073709551615:2'))
      :equals('>=0.18446744073709551615:2 <1-0:0-0')
    expect(exver.satisfies('0.18446744073709551615.9:0', '^0.18446744073709551615')):is_true()
    expect(exver.satisfies('1-0:0', '^0.18446744073709551615')):is_false()
  end)

  it('refuse to normalize what would grow without end', function()
    local parts = {}
    for i = 1, 12 do
      local name = string.char(96 + i)
      parts[i] = ('(!=#%s:1 || !=#%s%s:1)'):format(name, name, name)
    end
    local text = table.concat(parts, ' && ')
    local normal, err = exver.normalize(text)
    expect(normal):is_nil()
    expect(err.code):equals('parse_version')
    expect(exver.satisfiable(text)):is_true()
  end)
end)

describe('docs/exver.md', function()
  it('shows what the functions answer', function()
    local count = 0
    for line in assert(file.read('docs/exver.md')):gmatch('[^\n]+') do
      local expression, answer = line:match('^(exver%..-)%s+%-%-> (.*)$')
      if expression then
        count = count + 1
        local chunk = assert(load('local exver = ... return ' .. expression))
        local shown = tostring(chunk(exver))
        expect({ expression, answer:sub(1, #shown) }):equals({ expression, shown })
      end
    end
    expect(count):equals(8)
  end)
end)
