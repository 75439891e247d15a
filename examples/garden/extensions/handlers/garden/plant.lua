--- `garden.plant`: parameters with limits, a result, an expected failure, a change of the store.
local beds = require('extensions.garden.beds')
local rpc = require('lib.rpc')
local store = require('engine.store')
local t = rpc.types

local function plant(_call, params)
  local done, err = store.mutate(function(db)
    beds.prepare(db)
    local place = beds.place(params.name)
    if db:exists(place) then
      return nil, { code = 'conflict', message = ('there is a %s already'):format(params.name),
        hint = 'moon-cli garden list shows the beds' }
    end
    return db:put(place, { thirst = params.thirst })
  end)
  if not done then return nil, err end
  return { name = params.name, thirst = params.thirst }
end

return rpc.from_fn_async(plant)
  :with_params({
    name = t.string{ positional = true, pattern = '^%l+$', pattern_hint = 'lower-case letters',
      max_length = 20, help = 'help.garden.name' },
    thirst = t.integer{ default = 3, min = 1, max = 20, help = 'help.garden.thirst' },
  })
  :with_result(t.object{ fields = { name = t.string, thirst = t.integer } })
  :with_errors('conflict')
  :with_metadata('per_minute', 10)
  :with_display_serializable()
  :with_about('about.garden.plant')
  :with_call_remote('CliContext')
