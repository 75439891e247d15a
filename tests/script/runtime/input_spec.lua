local input = require('runtime.sdk.input')
local json = require('engine.json')

local spec = input.spec({
  { 'name', input.text({ name = 'Name', required = true, min_length = 2, pattern = '^%l+$',
    pattern_hint = 'small letters only' }) },
  { 'age', input.number({ name = 'Age', min = 0, max = 150, integer = true, default = 7 }) },
  { 'mode', input.select({ name = 'Mode', values = { { 'b', 'Bee' }, { 'a', 'Ay' } },
    default = 'b' }) },
  { 'tags', input.list({ name = 'Tags', of = input.text({ name = 'Tag', max_length = 3 }),
    max_length = 2 }) },
})

local function problems(values, current, form)
  local _, err = (form or spec):check(values, current)
  local out = {}
  for i, problem in ipairs(err and err.details or {}) do
    out[i] = table.concat(problem.path, '.') .. ' ' .. problem.code
  end
  return out
end

describe('runtime.sdk.input', function()
  it('fills in defaults and leaves the rest alone', function()
    local checked = spec:check({ name = 'ada' })
    expect(checked):equals({ name = 'ada', age = 7, mode = 'b' })
  end)

  it('finds every problem, with its place', function()
    expect(problems({ name = 'x', age = 1.5, mode = 'c', tags = { 'ok', 'long' }, more = 1 }))
      :equals({ 'more unknown', 'name length', 'age integer', 'mode choice', 'tags.1 length' })
    expect(problems({ name = 'Ada' })):equals({ 'name pattern' })
    expect(problems({})):equals({ 'name required' })
    expect(problems({ name = 'ada', tags = { 'a', 'b', 'c' } })):equals({ 'tags length' })
    expect(problems({ name = 'ada', age = 'x' })):equals({ 'age type' })
  end)

  it('checks the chosen variant of a union', function()
    local pruning = input.spec({ { 'prune', input.union({ name = 'Prune', variants = {
      { 'off', name = 'Off', spec = input.spec({}) },
      { 'auto', name = 'Auto', spec = input.spec({
        { 'mib', input.number({ name = 'Size', min = 550 }) } }) } } }) } })
    expect(problems({ prune = { selection = 'auto', value = { mib = 1 } } }, nil, pruning))
      :equals({ 'prune.value.mib range' })
    expect(problems({ prune = { selection = 'none' } }, nil, pruning))
      :equals({ 'prune.selection choice' })
  end)

  it('counts characters, not bytes', function()
    expect(problems({ name = 'ada', tags = { 'äöü' } })):equals({})
  end)

  it('keeps immutable values', function()
    local fixed = input.spec({ { 'id', input.text({ name = 'Id', immutable = true }) } })
    local _, err = fixed:check({ id = 'new' }, { id = 'old' })
    expect(err.details[1].code):equals('immutable')
    expect(fixed:check({ id = 'new' }, {})):equals({ id = 'new' })
  end)

  it('writes the fields in the order of the form', function()
    local text = json.encode(spec:to_json())
    expect(text:find('"name":{', 1, true) < text:find('"age":{', 1, true)):is_true()
    expect(text:find('"b":"Bee"', 1, true) < text:find('"a":"Ay"', 1, true)):is_true()
    expect(json.decode(text).name.minLength):equals(2)
  end)

  it('refuses a form that cannot be meant', function()
    expect(function() input.text({ label = 'x' }) end):raises("no option 'label'")
    expect(function() input.select({ name = 'x' }) end):raises("needs 'values'")
    expect(function() input.spec({ { 'a', 'b' } }) end):raises('entry 1')
  end)
end)
