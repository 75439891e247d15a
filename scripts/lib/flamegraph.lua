--- Folded stacks as a flame graph: one SVG file that needs nothing else. Frames are wider the more
--- samples they have; a click zooms in, a click on the lowest frame out again.
local names = require('lib.names')

local M = {}

local WIDTH, ROW, MARGIN, TITLE = 1200, 17, 10, 52
local THINNEST = 0.3

-- What LuaJIT did, by colour.
local COLORS = {
  ['[compiled]'] = '#7fc97f', ['[interpreted]'] = '#fdc086', ['[C]'] = '#beaed4',
  ['[gc]'] = '#f0627e', ['[compiler]'] = '#ffff99', ['[engine]'] = '#9ecae1',
}

local function node(name) return { name = name, count = 0, children = {} } end

--- Stacks as a tree of frames.
---@param stacks table<string, integer>
local function grow(stacks, root)
  for stack, count in pairs(stacks) do
    local at = root
    at.count = at.count + count
    for frame in stack:gmatch('[^;]+') do
      at.children[frame] = at.children[frame] or node(frame)
      at = at.children[frame]
      at.count = at.count + count
    end
  end
  return root
end

local function escape(text)
  return (text:gsub('[&<>"\']', { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;',
    ["'"] = '&#39;' }):gsub('%c', ' '))
end

-- Frames of one file look alike; the colours are warm, as is the custom.
local function color_of(name)
  if COLORS[name] then return COLORS[name] end
  local hash = 0
  for i = 1, #name:match('^[^:]*') do
    hash = (hash * 31 + name:byte(i)) % 997
  end
  return ('hsl(%d,%d%%,%d%%)'):format(12 + hash % 40, 65 + hash % 20, 62 + hash % 14)
end

local function deepest(at)
  local most = 0
  for _, child in pairs(at.children) do
    most = math.max(most, deepest(child))
  end
  return most + 1
end

local function draw(out, at, x, depth, plan)
  local width = at.count * plan.scale
  if width < THINNEST then return end
  local y = plan.height - MARGIN - (depth + 1) * ROW
  local share = ('%s: %d samples, %.1f%%'):format(at.name, at.count, 100 * at.count / plan.total)
  out[#out + 1] = ('<g class="f" data-x="%.2f" data-w="%.2f" data-d="%d"><title>%s</title>'
    .. '<rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s"/>'
    .. '<text x="%.2f" y="%d" data-n="%s"></text></g>'):format(x, width, depth, escape(share), x, y,
    width, ROW - 1, color_of(at.name), x + 3, y + 12, escape(at.name))
  for _, name in ipairs(names.sorted_keys(at.children)) do
    local child = at.children[name]
    draw(out, child, x, depth + 1, plan)
    x = x + child.count * plan.scale
  end
end

local SCRIPT = [[
var frames=[].slice.call(document.querySelectorAll('.f')),W=%d,M=%d;
function show(x0,w0,d0){frames.forEach(function(g){
var x=+g.dataset.x,w=+g.dataset.w,d=+g.dataset.d,k=(W-2*M)/w0,r=g.querySelector('rect'),
t=g.querySelector('text');
var inside=x>=x0-0.01&&x+w<=x0+w0+0.01,below=d<d0&&x<=x0+0.01&&x+w>=x0+w0-0.01;
g.style.display=inside||below?'':'none';
var nx=below?M:M+(x-x0)*k,nw=below?W-2*M:w*k;
r.setAttribute('x',nx);r.setAttribute('width',Math.max(nw-0.5,0.2));t.setAttribute('x',nx+3);
var n=t.dataset.n,c=Math.floor((nw-6)/6.6);t.textContent=c<3?'':n.length<=c?n:n.slice(0,c-1)+'…';
g.style.opacity=below?0.5:1})}
frames.forEach(function(g){g.addEventListener('click',function(){
show(+g.dataset.x,+g.dataset.w,+g.dataset.d)})});
show(M,W-2*M,0);]]

local function legend(out)
  local x = MARGIN
  for _, name in ipairs(names.sorted_keys(COLORS)) do
    out[#out + 1] = ('<rect x="%d" y="32" width="12" height="12" fill="%s"/>'
      .. '<text x="%d" y="42">%s</text>'):format(x, COLORS[name], x + 16, name)
    x = x + 110
  end
end

--- The SVG text of several VMs' profiles, one tower each.
---@param vms {name: string, stacks: table<string, integer>}[]
---@param title string
---@return string
function M.svg(vms, title)
  local root = node('all')
  for _, vm in ipairs(vms) do
    if next(vm.stacks) then
      root.children[vm.name] = grow(vm.stacks, node(vm.name))
      root.count = root.count + root.children[vm.name].count
    end
  end
  local height = TITLE + deepest(root) * ROW + 2 * MARGIN
  local plan = { height = height, total = math.max(root.count, 1),
    scale = (WIDTH - 2 * MARGIN) / math.max(root.count, 1) }
  local out = { ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
    .. 'viewBox="0 0 %d %d" font-family="monospace" font-size="11">'):format(WIDTH, height, WIDTH,
    height), '<style>.f{cursor:pointer}.f:hover rect{stroke:#000}</style>',
    ('<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="22" font-size="15">%s</text>')
    :format(MARGIN, escape(title)) }
  legend(out)
  draw(out, root, MARGIN, 0, plan)
  out[#out + 1] = '<script><![CDATA[' .. SCRIPT:format(WIDTH, MARGIN) .. ']]></script></svg>\n'
  return table.concat(out, '\n')
end

--- One line per stack, as flamegraph.pl and speedscope read them.
---@param vms {name: string, stacks: table<string, integer>}[]
---@return string
function M.folded(vms)
  local lines = {}
  for _, vm in ipairs(vms) do
    for _, stack in ipairs(names.sorted_keys(vm.stacks)) do
      lines[#lines + 1] = ('%s;%s %d\n'):format(vm.name, stack, vm.stacks[stack])
    end
  end
  return table.concat(lines)
end

return M
