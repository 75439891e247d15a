local status = require('service.status')

local NOW = '2026-01-01T00:00:00Z'

local function failed(main)
  return { desired = { main = main }, health = {}, error = { kind = 'script', message = 'no' } }
end

describe('the run status of a package', function()
  it('is an error while the last start failed, and no good health', function()
    expect(status.display('installed', failed('running'))):equals('error')
    expect(status.aggregate_health(failed('running'))):equals('failure')
  end)

  it('forgets the failure once main is up', function()
    local up = status.started(failed('running'), NOW)
    expect(up.error):is_nil()
    expect(status.display('installed', up)):equals('running')
  end)

  it('forgets the failure when somebody asks for something', function()
    for _, ask in ipairs({ 'start', 'stop', 'restart' }) do
      expect(status[ask](failed('running')).error):is_nil()
    end
    expect(status.display('installed', status.stop(failed('running')))):equals('stopped')
    expect(status.next_transition(status.start(failed('running')))):equals('start')
  end)

  it('leaves the one before as it was', function()
    local before = failed('running')
    status.stop(before)
    expect(before.error.message):equals('no')
  end)
end)
