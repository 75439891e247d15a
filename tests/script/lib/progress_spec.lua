local json = require('engine.json')
local progress = require('lib.progress')

describe('progress', function()
  it('weighs phases and rounds down', function()
    local tracker = progress.tracker()
    local download = tracker:phase('Downloading', 100)
    local unpack_phase = tracker:phase('Unpacking', 50)
    tracker:phase('Cleaning')
    download:set_total(3, 'bytes')
    download:set_done(1)
    unpack_phase:start()
    expect(tracker:snapshot()):equals({
      overall = { done = 33, total = 150 },
      phases = {
        { name = 'Downloading', progress = { done = 1, total = 3, units = 'bytes' } },
        { name = 'Unpacking', progress = false },
        { name = 'Cleaning' },
      },
    })
  end)

  it('never goes back', function()
    local tracker = progress.tracker()
    local phase = tracker:phase('a', 10)
    phase:set_total(10)
    phase:set_done(5)
    phase:set_done(2)
    expect(tracker:snapshot().overall):equals({ done = 5, total = 10 })
    phase:set_total(100)
    expect(tracker:snapshot().overall):equals({ done = 5, total = 10 })
  end)

  it('clamps what is done to the total', function()
    local tracker = progress.tracker()
    local phase = tracker:phase('a', 1)
    phase:set_total(4)
    phase:set_done(9)
    expect(tracker:snapshot().phases[1].progress.done):equals(4)
    phase:set_total(2)
    expect(tracker:snapshot().phases[1].progress.done):equals(2)
    expect(tracker:snapshot().overall.done):equals(1)
  end)

  it('counts without knowing the total', function()
    local phase = progress.tracker():phase('a', 1)
    phase:add(3)
    phase:add(4)
    expect(phase.entry.progress):equals({ done = 7 })
    expect(progress.ratio(phase.entry.progress)):equals(0)
  end)

  it('ignores changes of what is complete', function()
    local tracker = progress.tracker()
    local phase = tracker:phase('a', 5)
    phase:complete()
    phase:set_total(9)
    phase:set_done(1)
    phase:set(false)
    phase:start()
    expect(tracker:snapshot().phases[1].progress):is_true()
    expect(tracker:snapshot().overall):equals({ done = 5, total = 5 })
  end)

  it('takes the overall ratio of nested trees', function()
    local inner = progress.tracker()
    inner:phase('x', 4):complete()
    inner:phase('y', 4)
    local tracker = progress.tracker()
    local phase = tracker:phase('Installing', 50)
    phase:set(inner:snapshot())
    expect(tracker:snapshot().overall):equals({ done = 25, total = 50 })
    inner:finish()
    phase:set(inner:snapshot())
    expect(tracker:snapshot().phases[1].progress):is_true()
    expect(tracker:snapshot().overall):equals({ done = 50, total = 50 })
  end)

  it('is complete only when told so', function()
    local tracker = progress.tracker()
    tracker:phase('a', 1):complete()
    expect(progress.is_complete(tracker:snapshot())):is_false()
    tracker:finish()
    expect(tracker:snapshot().overall):is_true()
    expect(progress.is_complete(tracker:snapshot())):is_true()
  end)

  it('knows ratios', function()
    for _, case in ipairs({ { true, 1 }, { false, 0 }, { json.null, 0 }, { { done = 1 }, 0 },
      { { done = 1, total = 4 }, 0.25 }, { { done = 9, total = 4 }, 1 },
      { { done = 0, total = 0 }, 1 },
      { { overall = { done = 1, total = 2 }, phases = {} }, 0.5 } }) do
      expect(progress.ratio(case[1])):equals(case[2])
    end
    expect(progress.ratio(nil)):equals(0)
  end)

  it('lists its lines for people, done branches folded', function()
    local lines = progress.lines({ overall = false, phases = {
      { name = 'a', progress = { overall = true, phases = { { name = 'a1', progress = true } } } },
      { name = 'b', progress = { overall = { done = 1, total = 2 }, phases = {
        { name = 'b1', progress = { done = 1, total = 2 } } } } },
    } })
    expect(lines):has_length(3)
    expect(lines[3].name):equals('b1')
    expect(lines[3].depth):equals(1)
    expect(lines[3].ratio):equals(0.5)
  end)
end)
