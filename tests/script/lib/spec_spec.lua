local loop = require('engine.loop')
local spec = require('lib.spec')

local function run(source)
  local printed = {}
  local report = spec.run(source, 'some/file_spec.lua', {
    print = function(line) printed[#printed + 1] = line end,
    globals = { wait = function() loop.sleep(0.001) end },
  })
  report.printed = printed
  return report
end

describe('spec', function()
  it('counts what passes and names what fails, with file and line', function()
    local report = run([[
      describe('a', function()
        it('is good', function() expect(1):equals(1) end)
        it('is bad', function()
          expect({ 1 }):equals({ 2 })
        end)
      end)]])
    expect(report.passed):equals(1)
    expect(report.failed):equals(1)
    expect(report.printed):has_length(1)
    expect(report.printed[1])
      :equals('FAIL a is bad: some/file_spec.lua:4: expected {1} to equal {2}')
  end)

  it('lets bodies wait', function()
    expect(run("it('waits', function() wait() expect(true):is_true() end)").passed):equals(1)
  end)

  it('runs hooks around each test, outer first, after failures too', function()
    local report = run([[
      local seen = ''
      before_each(function() seen = seen .. '(' end)
      after_each(function() seen = seen .. ')' end)
      it('a', function() error('x') end)
      describe('inner', function()
        before_each(function() seen = seen .. '[' end)
        it('b', function() expect(seen):equals('()([') end)
      end)]])
    expect(report.failures[1].message):contains('file_spec.lua:4')
    expect(report.passed):equals(1)
  end)

  it('reports a file that does not load', function()
    expect(run('this is no Lua').failures[1].name):equals('(loading)')
    expect(run("error('early')").failures[1].message):contains('early')
    expect(run("error({ code = 'x' })").failures[1].message):equals('{code = "x"}')
  end)

  it('does not let specs make globals of the program', function()
    run("leaked = 1 it('a', function() end)")
    expect(rawget(_G, 'leaked')):is_nil()
  end)

  it('judges', function()
    expect(1):never():equals(2)
    expect('abc'):contains('b'):matches('^a')
    expect({ 1, { a = 2 } }):contains({ a = 2 })
    expect(function() error({ code = 'x' }) end):raises({ code = 'x' })
    expect(function() end):never():raises()
    expect(function() expect(1):is(2) end):raises('expected 1 to be 2')
    expect(function() expect(nil):is_truthy() end):raises('to be truthy')
    expect(function() expect({}):never():has_length(0) end):raises('not to have the length 0')
  end)
end)
