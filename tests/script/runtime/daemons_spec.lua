local context = require('runtime.context')
local daemons = require('runtime.sdk.daemons')
local effects = require('runtime.effects')
local loop = require('engine.loop')
local world = require('runtime.world')

--- A process that ends when it is told to.
local function fake_process()
  local ended = loop.channel()
  local process = { signals = {} }
  function process:wait() return (ended:receive()) end
  function process:signal(name)
    self.signals[#self.signals + 1] = name
    if not self.stubborn then ended:send({ code = 143, signal = 15 }) end
  end
  function process:kill() ended:send({ code = 137, signal = 9 }) end
  function process:finish(code) ended:send({ code = code }) end
  function process:pid() return 1 end
  return process
end

local function fake_subcontainer()
  local sub = { spawned = {}, name = 'sub' }
  function sub:ensure() return true end
  function sub:signature() return { name = self.name } end
  function sub:spawn(command)
    local process = fake_process()
    process.stubborn = self.stubborn
    self.spawned[#self.spawned + 1] = { command = command, process = process }
    return process
  end
  return sub
end

local function until_true(condition)
  local deadline = loop.now() + 5
  while not condition() and loop.now() < deadline do
    loop.sleep(0.005)
  end
  return condition()
end

describe('runtime.sdk.daemons', function()
  local reports, scope, sub

  before_each(function()
    reports, sub = {}, fake_subcontainer()
    scope = context.new('main')
    world.replace({ call = function(method, params)
      if method == 'set-health' then reports[#reports + 1] = params end
    end })
  end)

  local function last() return reports[#reports] and reports[#reports].result end

  local function web(extra)
    local opts = { subcontainer = sub, exec = { command = { 'web' } },
      ready = { display = 'Web', check = function() return { result = 'success' } end } }
    for key, value in pairs(extra or {}) do
      opts[key] = value
    end
    return opts
  end

  it('starts an entry, reports starting and then its health once, stops it with TERM', function()
    local set = daemons.new():daemon('web', web())
    expect(set:start(scope)):is_true()
    expect(until_true(function() return last() == 'success' end)):is_true()
    scope:leave()
    expect(sub.spawned[1].process.signals):equals({ 'TERM' })
    expect(#reports):equals(2)
  end)

  it('starts a crashed entry again and says that it crashed', function()
    daemons.new():daemon('web', web()):start(scope)
    until_true(function() return last() == 'success' end)
    sub.spawned[1].process:finish(3)
    expect(until_true(function() return #sub.spawned == 2 and last() == 'success' end)):is_true()
    expect(reports[3].message):equals('web crashed (code 3)')
    scope:leave()
  end)

  it('tells of an entry without a name for people once it has failed', function()
    daemons.new():daemon('web', { subcontainer = sub, exec = { command = { 'web' } } }):start(scope)
    expect(until_true(function() return #sub.spawned == 1 end)):is_true()
    expect(#reports):equals(0)
    sub.spawned[1].process:finish(3)
    expect(until_true(function() return #reports == 2 end)):is_true()
    expect({ reports[1].id, reports[1].name, reports[1].message })
      :equals({ 'web', 'web', 'web crashed (code 3)' })
    expect(last()):equals('success')
    scope:leave()
  end)

  it('has no grace for what crashed: a failing check is a failure', function()
    local healthy = true
    daemons.new():daemon('web', web({ ready = { display = 'Web', grace = 60,
      check = function() return { result = healthy and 'success' or 'failure' } end } }))
      :start(scope)
    until_true(function() return last() == 'success' end)
    healthy = false
    sub.spawned[1].process:finish(3)
    expect(until_true(function() return #sub.spawned == 2 end)):is_true()
    expect(until_true(function() return reports[#reports].message == '' end)):is_true()
    expect(last()):equals('failure')
    scope:leave()
  end)

  it('kills what does not heed TERM in time', function()
    sub.stubborn = true
    daemons.new():daemon('web', web({ exec = { command = { 'web' }, stop_timeout = 0.05 } }))
      :start(scope)
    until_true(function() return last() == 'success' end)
    local began = loop.now()
    scope:leave()
    expect(loop.now() - began < 3):is_true()
  end)

  it('lets an entry wait for a oneshot, and retries the oneshot', function()
    local set = daemons.new()
      :oneshot('prepare', { subcontainer = sub, exec = { command = { 'prepare' } } })
      :daemon('web', web({ requires = { 'prepare' } }))
    set:start(scope)
    expect(until_true(function() return last() == 'waiting' end)):is_true()
    expect(reports[1].message):equals('waiting for prepare')
    sub.spawned[1].process:finish(1)
    expect(until_true(function() return #sub.spawned == 2 end)):is_true()
    sub.spawned[2].process:finish(0)
    expect(until_true(function() return last() == 'success' end)):is_true()
    scope:leave()
  end)

  it('calls a failure within the grace period starting', function()
    local healthy = false
    daemons.new():daemon('web', web({ ready = { display = 'Web', grace = 60,
      check = function()
        if healthy then return { result = 'success' } end
        error('not yet')
      end } })):start(scope)
    expect(until_true(function() return last() == 'starting' end)):is_true()
    healthy = true
    expect(until_true(function() return last() == 'success' end)):is_true()
    scope:leave()
  end)

  it('keeps unchanged entries when it becomes another version of itself', function()
    local set = daemons.new():daemon('web', web())
      :daemon('old', web({ ready = { display = 'Old' } }))
    set:start(scope)
    until_true(function() return #sub.spawned == 2 end)
    local fresh = daemons.new():daemon('web', web())
      :daemon('new', web({ exec = { command = { 'new' } } }))
    expect(set:become(fresh)):is_true()
    expect(#sub.spawned):equals(3)
    expect(sub.spawned[1].process.signals):equals({})
    expect(sub.spawned[2].process.signals):equals({ 'TERM' })
    expect(sub.spawned[3].command):equals({ 'new' })
    scope:leave()
  end)

  it('refuses a set that cannot be meant', function()
    expect(function() daemons.new():daemon('web', {}) end):raises('needs a subcontainer')
    expect(function() daemons.new():daemon('a', web()):daemon('a', web()) end):raises('two entries')
    expect(function() daemons.new():daemon('a', web({ requires = { 'b' } })) end)
      :raises('not declared before it')
  end)

  it('maps effect names and parameters to the wire', function()
    local seen
    world.replace({ call = function(method, params) seen = { method, params } end })
    effects.of(context.new('x', nil, 'EVENT')).subcontainer.create_fs({ image_id = 'main' })
    expect(seen):equals({ 'subcontainer.create-fs', { imageId = 'main', eventId = 'EVENT' } })
    effects.of(scope).getStatus(function() end)
    expect(seen[1]):equals('get-status')
    expect(type(seen[2].callback)):equals('number')
  end)
end)
