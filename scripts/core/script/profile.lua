--- `script profile`: where the scripts of a live daemon spend their processor time.
local debugging = require('engine.debug')
local errc = require('engine.errc')
local file = require('engine.file')
local flamegraph = require('lib.flamegraph')
local json = require('engine.json')
local rpc = require('lib.rpc')
local t = rpc.types

local M = {}

local LONGEST = 600
local TOP = 15

local seconds = t.duration{ default = 5, help = 'help.arg.profile-seconds' }
local hertz = t.integer{ default = 997, min = 1, max = 10000, help = 'help.arg.profile-hertz' }

local function take(_call, params)
  if params.seconds <= 0 or params.seconds > LONGEST then
    return nil, errc.new('invalid_params', ('seconds: more than 0, at most %d'):format(LONGEST))
  end
  return debugging.profile({ seconds = params.seconds, hertz = params.hertz })
end

--- The VM as the REPL names it: `worker-1` is the thread's name.
local function named(vm)
  vm.name = vm.name:gsub('^worker%-', 'worker:')
  return vm
end

local function chosen(profile, wanted)
  local list = json.array({})
  for _, vm in ipairs(profile.vms) do
    named(vm)
    if vm.samples > 0 and (wanted == nil or vm.name == wanted) then list[#list + 1] = vm end
  end
  return list
end

--- Samples by state, and by the line that ran.
local function summary(vms)
  local states, lines, total = {}, {}, 0
  for _, vm in ipairs(vms) do
    for stack, count in pairs(vm.stacks) do
      total = total + count
      local state = stack:match('%[(%a+)%]$') or 'unknown'
      states[state] = (states[state] or 0) + count
      local line = stack:gsub(';?%[%a+%]$', ''):match('[^;]+$')
      if line then lines[line] = (lines[line] or 0) + count end
    end
  end
  return states, lines, total
end

local function rows_of(counts, total, key)
  local rows = json.array({})
  for name, count in pairs(counts) do
    rows[#rows + 1] = { [key] = name, samples = count,
      share = ('%.1f%%'):format(100 * count / math.max(total, 1)) }
  end
  table.sort(rows, function(a, b)
    if a.samples ~= b.samples then return a.samples > b.samples end
    return a[key] < b[key]
  end)
  for i = #rows, TOP + 1, -1 do
    rows[i] = nil
  end
  return rows
end

local function write_out(path, vms, title)
  if not path then return true end
  local text = path:find('%.folded$') and flamegraph.folded(vms) or flamegraph.svg(vms, title)
  return file.write(path, text)
end

local function profile(call, params)
  call.ctx.progress(('sampling for %g s'):format(params.seconds))
  local taken, err = call.ctx.remote('script.sample',
    { seconds = params.seconds, hertz = params.hertz }, { timeout = params.seconds + 30 })
  call.ctx.progress(nil)
  if not taken then return nil, err end
  local vms = chosen(taken, params.vm)
  local fine, wrong = write_out(params.out, vms,
    ('moonbox, %g s at %d Hz'):format(params.seconds, params.hertz))
  if not fine then return nil, wrong end
  local states, lines, total = summary(vms)
  return { samples = total, file = params.out, seconds = params.seconds, hertz = params.hertz,
    states = rows_of(states, total, 'state'), lines = rows_of(lines, total, 'line'), vms = vms }
end

local function show(_params, result, out)
  if result.samples == 0 then
    out:line('no samples: no script took processor time meanwhile'
      .. (result.file and (', so %s is empty'):format(result.file) or ''))
    return
  end
  out:table({ 'state', 'samples', 'share' }, result.states)
  out:line('')
  out:table({ 'line', 'samples', 'share' }, result.lines)
  if result.file then out:line(('\nwritten to %s'):format(result.file)) end
end

--- What the daemon does.
M.sample = rpc.from_fn_async(take)
  :with_params({ seconds = seconds, hertz = hertz })
  :with_result(t.object{ open = true, fields = {} })
  :with_metadata('local', true)
  :with_metadata('admin', true)
  :with_metadata('audit', true)
  :with_metadata('read_only', true)
  :with_metadata('deadline', LONGEST + 60)
  :no_cli()

--- What the CLI makes of it.
M.command = rpc.from_fn_async(profile)
  :with_params({
    seconds = seconds, hertz = hertz, vm = t.optional(t.string{ help = 'help.arg.vm' }),
    out = t.optional(t.path{ short = 'o', help = 'help.arg.profile-out' }),
  })
  :with_context('CliContext')
  :with_custom_display_fn(show)
  :with_about('about.script.profile')
  :with_examples('script profile --seconds 10 --out scripts.svg')

return M
