--- `garden.water`: a job with progress, which can be cancelled, and an event for each plant. The
--- method answers at once with the id of the job; the command follows it.
local beds = require('extensions.garden.beds')
local event = require('engine.event')
local follow = require('core.follow')
local job = require('engine.job')
local loop = require('engine.loop')
local names = require('lib.names')
local rpc = require('lib.rpc')
local store = require('engine.store')
local t = rpc.types

local M = {}

-- Seconds a litre takes.
local LITRE = 0.02

local function finish_plant(name, litres)
  local done, err = store.mutate(function(db)
    return db:put(beds.place(name) .. '/watered', os.date('!%Y-%m-%dT%H:%M:%SZ'))
  end)
  if not done then return nil, err end
  return event.publish({ type = 'garden.watered', resource = { type = 'plant', id = name },
    data = { litres = litres } })
end

local function water_all(handle, plants)
  local total, poured = 0, 0
  for _, plant in pairs(plants) do
    total = total + plant.thirst
  end
  for _, name in ipairs(names.sorted_keys(plants)) do
    for _ = 1, plants[name].thirst do
      if handle:cancelled() then
        return nil, { code = 'cancelled', message = 'the tap was shut' }
      end
      loop.sleep(LITRE)
      poured = poured + 1
      handle:progress({ done = poured, total = total, units = 'steps' })
    end
    local done, err = finish_plant(name, plants[name].thirst)
    if not done then return nil, err end
  end
  return { litres = poured }
end

local function water()
  local plants = beds.plants()
  if not next(plants) then
    return nil, { code = 'not_found', message = 'nothing is planted',
      hint = 'moon-cli garden plant NAME' }
  end
  local handle, err = job.create({ kind = 'garden.water', title = 'Water the garden' })
  if not handle then return nil, err end
  loop.spawn(function()
    local result, failure = water_all(handle, plants)
    if result then return handle:finish(result) end
    handle:fail(failure)
  end, { name = 'garden.water' })
  return { jobId = handle:id() }
end

M.method = rpc.from_fn_async_local(water)
  :with_result(t.object{ fields = { jobId = t.string } })
  :with_errors('not_found')
  :no_cli()

local function water_here(call)
  local begun, err = call.ctx.remote('garden.water')
  if not begun then return nil, err end
  local ended, failure = follow.job(call, begun.jobId)
  if not ended then return nil, failure end
  return ended.result
end

M.command = rpc.from_fn_async(water_here)
  :with_context('CliContext')
  :with_display_serializable()
  :with_about('about.garden.water')

return M
