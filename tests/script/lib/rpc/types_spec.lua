local base64 = require('lib.base64')
local json = require('engine.json')
local json_schema = require('lib.rpc.json_schema')
local rpc = require('lib.rpc')
local t = rpc.types
local problems_of = require('lib.rpc.problem')

local function problem_of(schema, value)
  local _, problems = schema:check(value)
  if not problems then return nil end
  return ('params%s: %s'):format(problems[1].path, problems[1].message)
end

local function good(schema, value)
  local result, problems = schema:check(value)
  expect(problems):is_nil()
  return result
end

describe('types', function()
  it('take what they describe', function()
    expect(good(t.string, 'a')):equals('a')
    expect(good(t.integer, 3)):equals(3)
    expect(good(t.number, 1.5)):equals(1.5)
    expect(good(t.boolean, false)):equals(false)
    expect(good(t.package_id, 'hello-world')):equals('hello-world')
    expect(good(t.guid, ('A2'):rep(16))):equals(('A2'):rep(16))
    expect(good(t.url, 'https://a.b/c?d')):equals('https://a.b/c?d')
    expect(good(t.path{ absolute = true }, '/a')):equals('/a')
    expect(good(t.enum{ 'a', 'b' }, 'b')):equals('b')
    expect(good(t.duration, '1h30m')):equals(5400)
    expect(good(t.any, { 1 })):equals({ 1 })
    expect(good(t.null, json.null)):is(json.null)
    expect(good(t.array(t.integer), { 1, 2 })):equals({ 1, 2 })
    expect(good(t.map{ of = t.integer }, { a = 1 })):equals({ a = 1 })
  end)

  it('say what they expected', function()
    expect(problem_of(t.string, 3)):equals('params: expected a string, got a number')
    expect(problem_of(t.string, json.null)):equals('params: expected a string, got null')
    expect(problem_of(t.string, {})):equals('params: expected a string, got an object')
    expect(problem_of(t.string, json.array())):equals('params: expected a string, got an array')
    expect(problem_of(t.integer, 1.5)):equals('params: expected an integer, got 1.5')
    expect(problem_of(t.integer, 0 / 0)):contains('expected an integer')
    expect(problem_of(t.integer{ min = 2 }, 1)):equals('params: must be at least 2, got 1')
    expect(problem_of(t.number{ max = 2 }, 3)):equals('params: must be at most 2, got 3')
    expect(problem_of(t.package_id, 'Hello')):contains('expected a package id')
    expect(problem_of(t.package_id, 'a--b')):contains('expected a package id')
    expect(problem_of(t.package_id, '../a')):contains('expected a package id')
    expect(problem_of(t.guid, 'short')):contains('expected a guid')
    expect(problem_of(t.url, 'a.b')):contains('expected a URL')
    expect(problem_of(t.path, 'a\0b')):contains('expected a path')
    expect(problem_of(t.path{ absolute = true }, 'a')):contains('absolute')
    expect(problem_of(t.enum{ 'a', 'b' }, 'c')):equals('params: expected one of a, b, got \'c\'')
    expect(problem_of(t.duration, '5 parsecs')):contains('expected a duration')
    expect(problem_of(t.null, 1)):contains('expected null')
    expect(problem_of(t.array(t.integer), { a = 1 })):contains('expected an array, got an object')
    expect(problem_of(t.array{ of = t.integer, min = 2 }, { 1 })):contains('at least 2')
    expect(problem_of(t.object{ fields = {} }, { 1 })):contains('expected an object, got an array')
  end)

  it('check the length in characters and the pattern', function()
    expect(problem_of(t.string{ max_length = 2 }, 'äöü'))
      :equals('params: must have at most 2 characters, got 3')
    expect(problem_of(t.string{ max_length = 3 }, 'äöü')):is_nil()
    expect(problem_of(t.string{ min_length = 1 }, ''))
      :equals('params: must have at least 1 character, got 0')
    expect(problem_of(t.string{ pattern = '^%d+$' }, 'x')):contains('must match')
    expect(problem_of(t.string{ pattern = '^%d+$', pattern_hint = 'digits only' }, 'x'))
      :equals("params: digits only, got 'x'")
  end)

  it('name the path, counting from 0 as JSON does', function()
    local schema = t.object{ fields = {
      packages = t.array{ of = t.object{ fields = { id = t.package_id } } },
      limits = t.map{ of = t.integer, optional = true },
    } }
    expect(problem_of(schema, { packages = { { id = 'a' }, { id = 'b' }, { id = 'C' } } }))
      :contains('params.packages[2].id: expected a package id')
    expect(problem_of(schema, { packages = { {} } })):equals('params.packages[0].id: is required')
    expect(problem_of(schema, { packages = {}, limits = { memory = 'x' } }))
      :equals('params.limits.memory: expected an integer, got a string')
  end)

  it('collect every problem', function()
    local schema = t.object{ fields = { a = t.string, b = t.integer, c = t.boolean } }
    local _, problems = schema:check({ a = 1, b = 'x' })
    local err = problems_of.invalid(problems, 'params')
    expect(err.code):equals('invalid_params')
    expect(err.details):equals({
      { path = 'params.a', message = 'expected a string, got a number' },
      { path = 'params.b', message = 'expected an integer, got a string' },
      { path = 'params.c', message = 'is required' },
    })
    expect(err.message):equals('params.a: expected a string, got a number (and 2 more)')
  end)

  it('stop collecting at some point', function()
    local many, reserved = {}, {}
    for i = 1, 1000 do
      many[i] = 'x'
      reserved['__' .. i] = i
    end
    local _, problems = t.array(t.integer):check(many)
    expect(problems):has_length(64)
    _, problems = t.object{ fields = { a = t.string } }:check(reserved)
    expect(problems):has_length(64)
  end)

  it('fill in defaults, a fresh table each time', function()
    local schema = t.object{ fields = {
      force = t.flag, level = t.enum{ 'a', 'b', default = 'b' }, list = t.array{ default = { 1 } },
    } }
    local first = good(schema, {})
    expect(first):equals({ force = false, level = 'b', list = { 1 } })
    first.list[1] = 2
    expect(good(schema, {}).list):equals({ 1 })
    expect(good(t.object{ fields = { d = t.duration{ default = '5s' } } }, {}).d):equals(5)
  end)

  it('tell absent, null and value apart', function()
    local schema = t.object{ fields = {
      a = t.optional(t.string), b = t.nullable(t.string), c = t.string{ default = 'c' },
    } }
    local value = good(schema, { a = json.null, b = json.null, c = json.null })
    expect(value.a):is_nil()
    expect(value.b):is(json.null)
    expect(value.c):equals('c')
    expect(problem_of(schema, {})):equals('params.b: is required')
  end)

  it('refuse unknown keys, naming the nearest, and reserved ones even in open objects', function()
    local schema = t.object{ fields = { packageId = t.string } }
    local _, problems = schema:check({ packageId = 'x', packageid = 1 })
    local err = problems_of.invalid(problems, 'params')
    expect(err.message):equals('params.packageid: is unknown')
    expect(err.hint):equals("did you mean 'packageId'?")
    local open = t.object{ fields = {}, open = true }
    expect(good(open, { other = 1 })):equals({ other = 1 })
    expect(problem_of(schema, { packageId = 'x', __Auth_session = 'forged' }))
      :equals('params.__Auth_session: is a reserved name')
    expect(problem_of(open, { __x = 1 })):equals('params.__x: is a reserved name')
  end)

  it('show no more of a strange name than fits a line', function()
    local _, problems = t.object{ fields = {} }:check({ [('x\27[2J'):rep(100)] = 1 })
    expect(#problems[1].path < 60):is_true()
    expect(problems[1].path:find('%c')):is_nil()
  end)

  it('take amounts with units', function()
    expect(good(t.size, '1.5KiB')):equals(1536)
    expect(good(t.size, '2MB')):equals(2000000)
    expect(good(t.size, '3G')):equals(3 * 2 ^ 30)
    expect(good(t.size, 12)):equals(12)
    expect(good(t.object{ fields = { s = t.size{ default = '1K' } } }, {}).s):equals(1024)
    for _, wrong in ipairs({ 'x', '1X', '-1', '1.5.5', 1.5, -1, '9999999P' }) do
      expect(problem_of(t.size, wrong)):contains('expected a size')
    end
    expect(problem_of(t.size{ max = 10 }, '1K')):contains('must be at most 10')
    expect(problem_of(t.duration{ max = 60 }, '2m')):contains('must be at most 60')
  end)

  it('take bytes, which are base64 on the wire', function()
    expect(good(t.bytes, 'aGk=')):equals('hi')
    expect(good(t.bytes, 'aGk')):equals('hi')
    expect(good(t.bytes, '')):equals('')
    for _, length in ipairs({ 3071, 3072, 3073, 10000 }) do
      local bytes = ('\0\1\255%'):rep(length):sub(1, length)
      expect(good(t.bytes, base64.encode(bytes)) == bytes):is_true()
    end
    for _, wrong in ipairs({ 'a', 'aGl=', 'a-k=', 'aGk==', '=', 7 }) do
      expect(problem_of(t.bytes, wrong)):contains('bytes in base64')
    end
    expect(problem_of(t.bytes{ max = 1 }, 'aGk=')):contains('at most 1 byte, got 2')
  end)

  it('take dates, pointers and secrets', function()
    for _, text in ipairs({ '2026-01-31T12:00:00Z', '2026-02-01t00:00:60.25+01:30' }) do
      expect(good(t.datetime, text)):equals(text)
    end
    for _, text in ipairs({ '2026-13-01T00:00:00Z', '2026-04-31T00:00:00Z', '2026-01-01',
      '2026-01-01T24:00:00Z', '2026-01-01T00:00:00' }) do
      expect(problem_of(t.datetime, text)):contains('expected a date and time')
    end
    expect(good(t.pointer, '/a~1b')):equals('/a~1b')
    expect(problem_of(t.pointer, 'a')):contains('expected a JSON pointer')
    expect(problem_of(t.secret{ min_length = 20 }, 'hunter2')):equals(
      'params: must have at least 20 characters, got 7')
    expect(problem_of(t.secret{ pattern = '^%d+$' }, 'hunter2')):equals(
      'params: must match the pattern ^%d+$, got a string')
    expect(problem_of(t.integer{ secret = true, max = 5 }, 77)):equals(
      'params: must be at most 5, got a number')
    expect(problem_of(t.union{ t.union{ t.secret{ min_length = 20 }, t.null }, t.integer },
      'hunter2')):equals('params: expected one of union, integer, got a string')
  end)

  it('say what a result is that nobody can send', function()
    expect(problem_of(t.string, print)):equals('params: expected a string, got a function')
  end)

  it('take integers of 64 bits', function()
    expect(good(t.int64, 7)):equals(7)
    local large = json.decode('9223372036854775807')
    expect(good(t.int64, large)):is(large)
    expect(problem_of(t.integer, large)):equals(
      'params: expected an integer, got a value out of range')
    expect(problem_of(t.int64, json.decode('9223372036854775808'))):contains('64 bits')
    expect(problem_of(t.int64, json.raw('"x"'))):contains('64 bits')
  end)

  it('take one of several forms', function()
    local either = t.union{ t.integer, t.object{ fields = { n = t.integer } } }
    expect(good(either, 3)):equals(3)
    expect(good(either, { n = 3 })):equals({ n = 3 })
    expect(problem_of(either, 'x')):equals("params: expected one of integer, object, got 'x'")
    expect(problem_of(either, { n = 'x' })):equals('params.n: expected an integer, got a string')
    local lists = t.union{ t.integer, t.array(t.string), t.object{ fields = { a = t.flag } } }
    expect(good(lists, json.decode('["a"]'))):equals({ 'a' })
    expect(json.encode(good(lists, json.decode('[]')))):equals('[]')
    expect(good(lists, json.decode('{}'))):equals({})
    local tagged = t.tagged{ tag = 'type', variants = {
      file = t.object{ fields = { path = t.path } },
      url = t.object{ fields = { url = t.url, retry = t.flag } },
    } }
    expect(good(tagged, { type = 'url', url = 'a://b' }))
      :equals({ type = 'url', url = 'a://b', retry = false })
    expect(problem_of(tagged, { type = 'file' })):equals('params.path: is required')
    expect(problem_of(tagged, { type = 'fil', path = '/a' }))
      :equals("params.type: expected one of file, url, got 'fil'")
    expect(problem_of(tagged, { path = '/a' })):contains('params.type: expected one of')
    expect(problem_of(tagged, { type = 'file', path = '/a', url = 'a://b' }))
      :equals('params.url: is unknown')
  end)

  it('know what cannot be given together, and what must', function()
    local schema = t.object{ fields = {
      all = t.flag{ conflicts_with = 'ids' }, ids = t.optional(t.array(t.string)),
      user = t.optional(t.string), key = t.optional(t.string{ requires = { 'user' } }),
    } }
    good(schema, { all = true })
    good(schema, { all = false, ids = { 'a' } })
    good(schema, { key = 'k', user = 'u' })
    expect(problem_of(schema, { all = true, ids = { 'a' } }))
      :equals("params.all: cannot be given with 'ids'")
    expect(problem_of(schema, { key = 'k' })):equals("params.key: can only be given with 'user'")
    good(schema, { key = json.null })
  end)

  it('become JSON Schema', function()
    local schema = t.object{ fields = {
      id = t.package_id, count = t.integer{ min = 1, max = 9, default = 3 },
      mode = t.enum{ 'a', 'b', optional = true }, tags = t.array{ of = t.string },
    } }
    expect(json_schema.of(schema)):equals({
      type = 'object', required = { 'id', 'tags' }, properties = {
        id = { type = 'string', pattern = '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength = 64 },
        count = { type = 'integer', minimum = 1, maximum = 9, default = 3 },
        mode = { type = 'string', enum = { 'a', 'b' } },
        tags = { type = 'array', items = { type = 'string' } },
      },
    })
    expect(json_schema.of(t.nullable(t.string)).type):equals({ 'string', 'null' })
    expect(json_schema.of(t.enum{ 'a', nullable = true }))
      :equals({ anyOf = { { type = 'string', enum = { 'a' } }, { type = 'null' } } })
    expect(json_schema.of(t.secret{ default = 'x' })):equals({ type = 'string', writeOnly = true })
    local tagged = t.tagged{ tag = 't', variants = { a = t.object{ fields = { n = t.integer } } } }
    expect(json_schema.of(tagged)):equals({ oneOf = { { type = 'object', required = { 't', 'n' },
        properties = { t = { const = 'a' }, n = { type = 'integer' } } } } })
  end)

  it('have the regular expression of their pattern, where there is one', function()
    local function pattern(text) return json_schema.of(t.string{ pattern = text }).pattern end
    expect(pattern('^%d+$')):equals('^[0-9]+$')
    expect(pattern('^[%w_.-]*$')):equals('^[A-Za-z0-9_\\.\\-]*$')
    expect(pattern('^%l[^%s/]-%.x$')):equals('^[a-z][^\\s\\/]*?\\.x$')
    expect(pattern('a$b')):equals('a\\$b')
    expect(pattern('%b()')):is_nil()
    expect(pattern('[%D]')):is_nil()
  end)
end)
