--- `garden.list`: reads only, and shows a table.
local beds = require('extensions.garden.beds')
local names = require('lib.names')
local rpc = require('lib.rpc')
local t = rpc.types

local function list()
  local plants, rows = beds.plants(), {}
  for i, name in ipairs(names.sorted_keys(plants)) do
    rows[i] = { name = name, thirst = plants[name].thirst, watered = plants[name].watered }
  end
  return rows
end

local function show(_params, rows, out)
  if #rows == 0 then return out:line('nothing is planted') end
  out:table({ 'name', { key = 'thirst', title = 'LITRES' }, 'watered' }, rows)
end

return rpc.from_fn(list)
  :with_result(t.array(t.object{ fields = {
    name = t.string, thirst = t.integer, watered = t.optional(t.datetime),
  } }))
  :with_metadata('read_only', true)
  :with_display_serializable()
  :with_custom_display_fn(show)
  :with_about('about.garden.list')
  :with_call_remote('CliContext')
