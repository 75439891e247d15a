local flamegraph = require('lib.flamegraph')

local VMS = {
  { name = 'worker-1', stacks = { ['main;work'] = 3, ['main;rest;[gc]'] = 1 } },
  { name = 'control', stacks = { ['main'] = 4 } },
}

local function frame(svg, title)
  local from = svg:find('<title>' .. title, 1, true)
  local x, width, depth
  if from then
    local place = 'data%-x="([%d.]+)" data%-w="([%d.]+)" data%-d="(%d+)">()'
    for one, two, three, at in svg:gmatch(place) do
      if at == from then x, width, depth = tonumber(one), tonumber(two), tonumber(three) end
    end
  end
  return x, width, depth
end

describe('lib.flamegraph', function()
  it('writes one folded line per stack, in order', function()
    expect(flamegraph.folded(VMS)):equals('worker-1;main;rest;[gc] 1\nworker-1;main;work 3\n'
      .. 'control;main 4\n')
    expect(flamegraph.folded({})):equals('')
  end)

  it('draws every frame as wide as its share, above the one that called it', function()
    local svg = flamegraph.svg(VMS, 'two')
    local x, all, depth = frame(svg, 'all: 8 samples, 100.0%')
    expect({ x, all, depth }):equals({ 10, 1180, 0 })
    local _, worker, second = frame(svg, 'worker-1: 4 samples, 50.0%')
    expect({ worker, second }):equals({ 590, 1 })
    local rest = frame(svg, 'rest: 1 samples, 12.5%')
    local work_x, work_width, work_depth = frame(svg, 'work: 3 samples, 37.5%')
    expect({ work_width, work_depth }):equals({ 442.5, 3 })
    expect(work_x - rest):equals(147.5)
  end)

  it('leaves out VMs in which nothing ran, and draws what is left without samples', function()
    local svg = flamegraph.svg({ { name = 'idle', stacks = {} } }, 'none')
    expect(svg:find('idle', 1, true)):equals(nil)
    expect(svg:find('<svg ', 1, true)):equals(1)
    expect(svg:sub(-7)):equals('</svg>\n')
  end)

  it('lets no name or title break out of the document', function()
    local svg = flamegraph.svg({ { name = 'a', stacks = { ['<script>&"\1'] = 1 } } }, "<b>'&")
    expect(svg:find('<script>&', 1, true)):equals(nil)
    expect(svg:find('&lt;script&gt;&amp;&quot; : 1 samples', 1, true) ~= nil):is_true()
    expect(svg:find('&lt;b&gt;&#39;&amp;</text>', 1, true) ~= nil):is_true()
  end)
end)
