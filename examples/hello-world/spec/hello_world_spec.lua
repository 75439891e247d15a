--- Runs without a container: `moon-cli s9pk test examples/hello-world`. Volumes are directories
--- that are thrown away, effects are recorded in `testing`, and nothing is executed.
local testing = require('moonbox.testing')

describe('hello-world', function()
  local package

  before_each(function()
    package = testing.package()
    package:init('install')
  end)

  it('greets after the install', function()
    expect(package:volume('main'):read('www/index.html')):contains('<h1>Hello from moonbox!</h1>')
  end)

  it('keeps the greeting when the container starts again', function()
    package:run_action('set-greeting', { greeting = 'Moin' })
    package:init(nil)
    expect(package:volume('main'):read('greeting.txt')):equals('Moin')
  end)

  it('serves the volume on port 80', function()
    local set = package:main()
    expect(set.by_id.web.opts.exec.command):contains('/data/www')
    expect(testing.mounts(set.by_id.web)['/data']):equals('main')
  end)

  it('offers the current greeting in the form', function()
    local form = package:get_input('set-greeting')
    expect(form.value):equals({ greeting = 'Hello from moonbox!' })
  end)

  it('writes the page when the greeting is set', function()
    local result = package:run_action('set-greeting', { greeting = 'Tom & <Jerry>' })
    expect(result.message):contains('Tom & <Jerry>')
    expect(package:volume('main'):read('www/index.html')):contains('Tom &amp; &lt;Jerry&gt;')
  end)

  it('refuses a greeting that does not fit', function()
    local _, err = package:run_action('set-greeting', { greeting = ('x'):rep(201) })
    expect(err.code):equals('config_spec_violation')
    expect(err.details[1].path):equals({ 'greeting' })
    local _, missing = package:run_action('set-greeting', {})
    expect(missing.message):contains('is required')
  end)

  it('exports its action', function()
    expect(testing.effects('action.export')[1].id):equals('set-greeting')
    expect(testing.effects('action.export')[1].metadata.hasInput):is_true()
  end)
end)
