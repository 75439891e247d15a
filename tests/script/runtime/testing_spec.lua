local file = require('engine.file')
local testing = require('runtime.testing')

local SOURCE = os.getenv('MOONBOX_SOURCE_DIR') or '.'

local function package_with(spec)
  local dir = '/tmp/moonbox-testing-' .. require('engine.crypto').guid()
  file.mkdir(dir .. '/procedures')
  file.mkdir(dir .. '/spec')
  file.write(dir .. '/package.lua', "return { id = 'p', version = '1.0.0:0' }")
  file.write(dir .. '/procedures/init.lua', 'return {}')
  file.write(dir .. '/spec/p_spec.lua', spec)
  return dir
end

describe('runtime.testing', function()
  it('runs the specs of hello-world', function()
    local report = testing.run(SOURCE .. '/examples/hello-world')
    expect(report.failures):equals({})
    expect(report.passed):equals(7)
  end)

  it('reports what fails with file and line', function()
    local dir = package_with("it('is wrong', function()\n  expect(1):equals(2)\nend)")
    local report = testing.run(dir)
    expect(report.failed):equals(1)
    expect(report.failures[1].message):contains('spec/p_spec.lua:2')
    file.remove(dir, { recursive = true })
  end)

  it('says what is missing in a folder that is no package', function()
    local report, err = testing.run('/tmp')
    expect(report):is_nil()
    expect(err.code):equals('not_found')
  end)
end)
