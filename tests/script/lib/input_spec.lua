local input = require('lib.input')
local json = require('engine.json')
local sdk = require('runtime.sdk.input')

--- Problems of one field as `path code` lines.
local function problems_of(field, value, current)
  local form = input.spec({ { 'f', field } })
  local checked, err = form:check({ f = value }, current and { f = current })
  if checked then return {} end
  local lines = {}
  for i, problem in ipairs(err.details) do
    lines[i] = table.concat(problem.path, '.') .. ' ' .. problem.code
  end
  return lines
end

local function good(field, value, current)
  expect(problems_of(field, value, current)):equals({})
end

local function bad(field, value, ...) expect(problems_of(field, value)):equals({ ... }) end

local function text(opts)
  opts.name = 'T'
  return input.text(opts)
end

local function number(opts)
  opts.name = 'N'
  return input.number(opts)
end

describe('a form', function()
  it('checks texts by characters and pattern', function()
    good(text{ max_length = 3 }, 'äöü')
    bad(text{ max_length = 2 }, 'äöü', 'f length')
    bad(text{ min_length = 2 }, 'x', 'f length')
    bad(text{ pattern = '^%d+$' }, 'x', 'f pattern')
    bad(text{}, 3, 'f type')
    bad(input.textarea{ name = 'A', max_length = 1 }, 'ab', 'f length')
  end)

  it('checks numbers: range, whole, steps from the minimum', function()
    good(number{ min = 1, max = 3 }, 2)
    bad(number{ min = 1 }, 0, 'f range')
    bad(number{ max = 1 }, 2, 'f range')
    bad(number{ integer = true }, 1.5, 'f integer')
    good(number{ min = 1, step = 0.1 }, 1.3)
    bad(number{ min = 1, step = 5 }, 7, 'f step')
    bad(number{}, '1', 'f type')
    bad(number{}, 0 / 0, 'f type')
  end)

  it('checks toggles, colours and dates', function()
    good(input.toggle{ name = 'T' }, false)
    bad(input.toggle{ name = 'T' }, 'yes', 'f type')
    good(input.tri_state{ name = 'T' }, json.null)
    good(input.color{ name = 'C' }, '#20a060')
    bad(input.color{ name = 'C' }, 'red', 'f pattern')
    local function date(opts)
      opts.name, opts.inputmode = 'D', 'date'
      return input.datetime(opts)
    end
    good(date{}, '2026-01-31')
    good(input.datetime{ name = 'D', inputmode = 'time' }, '23:59')
    good(input.datetime{ name = 'D' }, '2026-01-31T23:59')
    bad(date{}, '31.1.2026', 'f pattern')
    bad(date{ min = '2026-01-01' }, '2025-12-31', 'f range')
    bad(date{ max = '2026-01-01' }, '2026-01-02', 'f range')
  end)

  local VALUES = { { 'a', 'First' }, { 'b', 'Second' }, { 'c', 'Third' } }

  it('checks choices, and those that are switched off', function()
    local select = input.select{ name = 'S', values = VALUES, disabled = { 'c' } }
    good(select, 'a')
    bad(select, 'x', 'f choice')
    bad(select, 'c', 'f disabled')
    bad(select, nil, 'f required')
    local many = input.multiselect{ name = 'M', values = VALUES, max_length = 2 }
    good(many, { 'a', 'b' })
    good(many, json.array())
    bad(many, { 'a', 'x' }, 'f.1 choice')
    bad(many, { 'a', 'a' }, 'f.1 unique')
    bad(many, { 'a', 'b', 'c' }, 'f length')
    bad(many, { a = true }, 'f type')
  end)

  it('checks lists: count, members, uniqueness', function()
    local short = text{ max_length = 2 }
    local list = input.list{ name = 'L', of = short, min_length = 1, unique_by = true }
    good(list, { 'a', 'b' })
    bad(list, json.array(), 'f length')
    bad(list, { 'a', 'long', 'a' }, 'f.1 length', 'f.2 unique')
    local rows = input.list{ name = 'L', unique_by = { any = { 'id', 'port' } }, of = input.object{
      name = 'O', spec = { { 'id', text{} }, { 'port', number{} } } } }
    good(rows, { { id = 'a', port = 1 }, { id = 'b', port = 2 } })
    bad(rows, { { id = 'a', port = 1 }, { id = 'b', port = 1 } }, 'f.1 unique')
  end)

  local UNION = input.union{ name = 'U', default = 'off', variants = {
    { 'off', name = 'Off', spec = {} },
    { 'auto', name = 'Auto', spec = { { 'mib', number{ min = 550, default = 600 } } } },
  } }

  it('checks unions: the selection and its form', function()
    good(UNION, { selection = 'off', value = {} })
    good(UNION, { selection = 'auto' })
    bad(UNION, { selection = 'no' }, 'f.selection choice')
    bad(UNION, { selection = 'auto', value = { mib = 1 } }, 'f.value.mib range')
    bad(UNION, 'auto', 'f type')
  end)

  it('fills in defaults, also inside', function()
    local form = input.spec({
      { 'a', text{ default = 'x' } }, { 'u', UNION }, { 'n', text{} },
      { 'z', number{ default = 0 } },
      { 'o', input.object{ name = 'O', spec = { { 'in', text{ default = 'y' } } } } },
      { 't', input.toggle{ name = 'T', default = false } },
      { 'l', input.list{ name = 'L', of = text{}, default = { 'q' } } },
    })
    local first = form:check({ a = json.null, u = { selection = 'auto' } })
    expect(first):equals({ a = 'x', u = { selection = 'auto', value = { mib = 600 } }, z = 0,
      o = { ['in'] = 'y' }, t = false, l = { 'q' } })
    first.l[1] = 'changed'
    expect(form:check({}).l):equals({ 'q' })
    expect(form:check({}).u):equals({ selection = 'off', value = {} })
  end)

  it('asks for what is required', function()
    bad(text{ required = true }, nil, 'f required')
    bad(text{ required = true }, json.null, 'f required')
    bad(input.toggle{ name = 'T' }, nil, 'f required')
    local object = input.object{ name = 'O', spec = { { 'a', text{ required = true } } } }
    bad(object, nil, 'f.a required')
    good(text{}, nil)
  end)

  it('refuses unknown members, or strips them', function()
    local form = input.spec({ { 'a', text{} } })
    local _, err = form:check({ a = 'x', b = 1 })
    expect(err.details):equals({
      { path = { 'b' }, code = 'unknown', message = 'is not in the form' },
    })
    expect(form:check({ a = 'x', b = 1 }, nil, { strip = true })):equals({ a = 'x' })
    local _, wrong = form:check({ 1 })
    expect(wrong.details[1].code):equals('type')
  end)

  it('keeps what is switched off or immutable', function()
    local off = text{ disabled = 'later', default = 'd' }
    good(off, 'd')
    good(off, 'x', 'x')
    expect(problems_of(off, 'y', 'x')):equals({ 'f disabled' })
    local fixed = text{ immutable = true }
    good(fixed, 'first')
    good(fixed, 'x', 'x')
    expect(problems_of(fixed, 'y', 'x')):equals({ 'f immutable' })
    local inside = input.object{ name = 'O', spec = { { 'a', fixed } } }
    expect(problems_of(inside, { a = 'y' }, { a = 'x' })):equals({ 'f.a immutable' })
  end)

  it('collects every problem and says the first', function()
    local form = input.spec({ { 'a', text{ required = true } }, { 'b', number{ min = 3 } } })
    local checked, err = form:check({ b = 1 })
    expect(checked):is_nil()
    expect(err.code):equals('config_spec_violation')
    expect(err.message):equals('a: is required (and 1 more)')
    expect(err.details):equals({
      { path = { 'a' }, code = 'required', message = 'is required' },
      { path = { 'b' }, code = 'range', message = 'must be at least 3' },
    })
  end)
end)

describe('a misspelt name', function()
  it('is told first, with the one that was meant', function()
    local form = input.spec({ { 'greeting', text{ required = true } } })
    local _, err = form:check({ greting = 'Moin' })
    expect(err.message):equals(
      "greting: is not in the form; did you mean 'greeting'? (and 1 more)")
    local checked = form:check({ greeting = 'Moin', other = 1 }, nil, { strip = true })
    expect(checked):equals({ greeting = 'Moin' })
  end)
end)

describe('a mistake in a form', function()
  it('raises, with the place', function()
    expect(function() input.text{ name = 'T', maxlen = 3 } end)
      :raises("input.text has no option 'maxlen'")
    expect(function() input.text{} end):raises('input.text needs a name')
    expect(function() input.text{ name = 3 } end):raises("option 'name' must be a string")
    expect(function() input.select{ name = 'S' } end):raises("input.select needs 'values'")
    expect(function() input.spec({ { 'a', 'text' } }) end):raises('entry 1')
    expect(function() input.spec({ { 'a', text{} }, { 'a', text{} } }) end)
      :raises("'a' occurs twice")
    expect(function() input.text{} end):raises('input_spec.lua:')
    expect(function() input.text{ nme = 'T' } end):raises('input_spec.lua:')
    expect(function() input.spec({ 1 }) end):raises('input_spec.lua:')
  end)
end)

describe('a form as JSON', function()
  local form = sdk.spec({
    { 'zeta', sdk.text{ name = 'Z', max_length = 5, default = 'x' } },
    { 'alpha', sdk.union{ name = 'U', variants = {
      { 'two', name = 'Two', spec = sdk.spec({ { 'n', sdk.number{ name = 'N', min = 1 } } }) },
      { 'one', name = 'One', spec = {} },
    } } },
    { 'pick', sdk.select{ name = 'P', values = { { 'b', 'B' }, { 'a', 'A' } } } },
    { 'rows', sdk.list{ name = 'L', of = sdk.text{ name = 'row' } } },
  })

  it('keeps the order of its members and uses the names of the wire', function()
    local encoded = tostring(form:to_json())
    expect(encoded:find('"zeta"', 1, true) < encoded:find('"alpha"', 1, true)):is_true()
    expect(encoded:find('"two"', 1, true) < encoded:find('"one"', 1, true)):is_true()
    expect(encoded):contains('"values":{"b":"B","a":"A"}')
    local decoded = json.decode(encoded)
    expect(decoded.zeta.maxLength):equals(5)
    expect(decoded.zeta.warning):is(json.null)
    expect(decoded.zeta.required):is_false()
    expect(decoded.alpha.variants.two.spec.n.type):equals('number')
    expect(decoded.rows.spec.type):equals('text')
  end)

  it('checks the same when it is read back', function()
    local parsed = input.parse(json.decode(tostring(form:to_json())))
    local _, err = parsed:check({ zeta = 'too long', pick = 'x', rows = { 1 },
      alpha = { selection = 'two', value = { n = 0 } } })
    local lines = {}
    for i, problem in ipairs(err.details) do
      lines[i] = table.concat(problem.path, '.') .. ' ' .. problem.code
    end
    expect(lines):equals({ 'alpha.value.n range', 'pick choice', 'rows.0 type', 'zeta length' })
    expect(input.parse({ f = { type = 'file', name = 'F' } }):check({ f = { path = 'x' } }))
      :equals({ f = { path = 'x' } })
  end)

  it('gives paths that stay arrays', function()
    local _, err = form:check(json.array())
    expect(json.encode(err.details[1].path)):equals('[]')
  end)
end)
