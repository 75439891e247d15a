local display = require('lib.display')
local json = require('engine.json')
local pretty = require('lib.pretty')
local text = require('lib.text')
local yaml = require('lib.yaml')

describe('text', function()
  it('counts columns: wide two, combining and colours none', function()
    expect(text.width('abc')):equals(3)
    expect(text.width('äöü')):equals(3)
    expect(text.width('日本')):equals(4)
    expect(text.width('e\204\129')):equals(1)
    expect(text.width('\27[1mab\27[0m')):equals(2)
    expect(text.width('🚀')):equals(2)
  end)

  it('pads and cuts by columns', function()
    expect(text.pad('ä', 3)):equals('ä  ')
    expect(text.pad('ä', 3, true)):equals('  ä')
    expect(text.pad('long', 2)):equals('long')
    expect(text.cut('abcdef', 4)):equals('abc…')
    expect(text.cut('日本語', 4)):equals('日…')
    expect(text.cut('abc', 3)):equals('abc')
  end)

  it('survives malformed UTF-8', function()
    expect(text.width('a\255b') >= 2):is_true()
    expect(text.cut('\255\254abcdef', 3)):is_truthy()
  end)

  it('makes one harmless line of anything', function()
    expect(text.one_line('a\nb\27[31mc\7\194\155')):equals('a bc  ')
  end)

  it('shows lines that cannot steer the terminal', function()
    expect(text.lines('a\tb\r\nc\27[1;31md\27[0m')):equals('a\tb\n  cd')
    expect(text.lines('\27]0;title\7 \0\127')):equals('\\027]0;title\\007 \\000\\127')
    expect(text.lines('\194\155m ü')):equals('\\155m ü')
  end)
end)

describe('display', function()
  it('draws a table with numbers to the right', function()
    expect(display.table({ 'id', 'memoryUsage' }, {
      { id = 'a', memoryUsage = 7 }, { id = 'größer', memoryUsage = 1200 },
    })):equals('ID      MEMORY USAGE\na                  7\ngrößer          1200\n')
  end)

  it('takes titles and alignment, shows what is absent as -', function()
    expect(display.table({ { key = 'a', title = 'First', align = 'right' }, 'b' },
      { { a = 'x' }, { a = json.null, b = true } }))
      :equals('First  B\n    x  -\n    -  yes\n')
  end)

  it('cuts the widest column to the terminal', function()
    local drawn = display.table({ 'id', 'text' }, { { id = 'a', text = ('x'):rep(100) } },
      { width = 30 })
    for line in drawn:gmatch('[^\n]+') do
      expect(text.width(line) <= 30):is_true()
    end
    expect(drawn):contains('…')
  end)

  it('keeps the first column whole as long as the line holds it', function()
    local id = ('i'):rep(32)
    local rows = { { id = id, kind = ('k'):rep(40), title = ('t'):rep(40) } }
    expect(display.table({ 'id', 'kind', 'title' }, rows, { width = 60 })):contains(id .. '  ')
    expect(display.table({ 'id', 'kind' }, rows, { width = 20 })):contains(('i'):rep(19) .. '…')
  end)

  it('gives each member of an object in a block a line', function()
    expect(display.block({ { 'id', 'a' }, { 'limits', { batch = 3, idle = 0 } } }))
      :equals('id:      a\nlimits:  batch: 3\n         idle: 0\n')
  end)

  it('makes the header bold where there are colours', function()
    expect(display.table({ 'a' }, {}, { color = true })):equals('\27[1mA\27[0m\n')
  end)

  it('draws blocks and lists', function()
    expect(display.block({ { 'name', 'x' }, { 'data-dir', '/d' } }))
      :equals('name:      x\ndata-dir:  /d\n')
    expect(display.list({ 'a', 2 })):equals('a\n2\n')
  end)

  it('chooses the form by the value', function()
    expect(display.value('hi')):equals('hi\n')
    expect(display.value('hi\n')):equals('hi\n')
    expect(display.value(42)):equals('42\n')
    expect(display.value(1.5)):equals('1.5\n')
    expect(display.value(true)):equals('true\n')
    expect(display.value(nil)):equals('')
    expect(display.value(json.null)):equals('')
    expect(display.value({})):equals('')
    expect(display.value({ dataDir = '/d', n = { 1, 2 } }))
      :equals('data-dir:  /d\nn:         1, 2\n')
    expect(display.value({ { a = 1 }, { b = 2 } })):equals('A  B\n1  -\n-  2\n')
    expect(display.value({ a = { b = { c = 1 } } })):equals('a:\n  b:\n    c: 1\n')
  end)

  it('draws progress bars and sizes', function()
    expect(display.bar(0.5, 4)):equals('[##··]  50%')
    expect(display.bar(1, 4)):equals('[####] 100%')
    expect(display.bar(7, 2)):equals('[##] 100%')
    expect(display.bar(nil, 2)):equals('[··]    ')
    expect(display.bytes(512)):equals('512 B')
    expect(display.bytes(1536)):equals('1.5 KiB')
    expect(display.bytes(20 * 1024 * 1024)):equals('20 MiB')
  end)
end)

describe('yaml', function()
  it('writes nested values', function()
    expect(yaml.encode({ a = { 1, { b = 'x', c = { 2 } } }, d = {} }))
      :equals('a:\n- 1\n- b: x\n  c:\n  - 2\nd: {}\n')
    expect(yaml.encode(json.array())):equals('[]\n')
    expect(yaml.encode({ { 1, 2 }, { 3 } })):equals('- - 1\n  - 2\n- - 3\n')
  end)

  it('quotes what would be read as something else', function()
    for _, word in ipairs({ 'true', 'No', 'null', '~', '', '1', '1.5', '0x1f', '- a', 'a: b',
      'a #b', ' a', 'a ', '*a', '&a', '[a', '{a', '!a', '%a', '@a', '"a', "'a", 'a:', '?', '1e3',
      '2026-01-01', '2026-11-21T17:02:23.894Z', '12:30', '<<', '.inf', '... a', '--- a', '0o7',
      '0b1', '\\', 'a\194\133', 'a\226\128\168b\n', '\239\187\191a\nb' }) do
      expect(yaml.encode(word):sub(1, 1)):equals('"')
    end
    for _, word in ipairs({ 'abc', 'a-b', 'a b', 'x=1', 'a:b', 'über', '/path', 'a.b.c' }) do
      expect(yaml.encode(word)):equals(word .. '\n')
    end
  end)

  it('writes long text as a block', function()
    expect(yaml.encode({ a = 'one\ntwo\n' })):equals('a: |\n  one\n  two\n')
    expect(yaml.encode({ a = 'one\ntwo' })):equals('a: |-\n  one\n  two\n')
    expect(yaml.encode({ 'one\n\ntwo' })):equals('- |-\n  one\n\n  two\n')
    expect(yaml.encode('a\7b')):equals('"a\\x07b"\n')
  end)

  it('writes control characters beyond ASCII so that readers take them', function()
    expect(yaml.encode('a\194\133\226\128\169\239\187\191\127'))
      :equals('"a\\x85\\u2029\\ufeff\\x7f"\n')
  end)

  it('writes numbers as short as they are, with a point', function()
    expect(yaml.encode({ 58258.48, 0.1, 1 / 3, 1e300, -2.5e-7 })):equals('- 58258.48\n- 0.1\n'
      .. '- 0.33333333333333331\n- 1.0e+300\n- -2.5e-07\n')
  end)

  it('writes numbers, booleans and null', function()
    expect(yaml.encode({ 1, 1.5, 2 ^ 53, true, json.null }))
      :equals('- 1\n- 1.5\n- 9007199254740992\n- true\n- null\n')
  end)
end)

describe('pretty', function()
  it('indents in byte order of the keys', function()
    local function encode(value) return (json.encode(value)) end
    expect(pretty.json({ b = { 1, { x = json.null } }, a = {}, c = json.array() }, encode))
      :equals('{\n  "a": {},\n  "b": [\n    1,\n    {\n      "x": null\n    }\n  ],\n  "c": []\n}')
    expect(pretty.json(json.raw('1.0'), encode)):equals('1.0')
  end)

  it('writes Lua: short members share a line, keys have their own', function()
    local list = {}
    for i = 1, 30 do
      list[i] = 100 + i
    end
    list.key = 'x'
    expect(pretty.lua(list)):equals([[
{
  101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115,
  116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130,
  key = 'x',
}]])
  end)

  it('says how much of a large value it leaves out', function()
    local list = {}
    for i = 1, 500 do
      list[i] = i
    end
    expect(pretty.lua(list)):matches('200,%s+… 300 more,')
    list.key = true
    expect(pretty.lua(list)):contains('… 301 more')
    expect(pretty.lua(('x'):rep(4000))):has_length(4002)
    expect(pretty.lua('x' .. ('é'):rep(2000))):equals("'x" .. ('é'):rep(1999) .. "'… (4001 bytes)")
    expect(pretty.lua(('x'):rep(5000))):matches("x'… %(5000 bytes%)$")
    local self = { 1 }
    self.self = self
    expect(pretty.lua(self)):equals('{ 1, self = <cycle> }')
  end)
end)
