--- Runs a spec file of this tree: as `moon-cli script test` does, but with time that passes.
local loop = require('engine.loop')
local spec = require('lib.spec')

local SLICE = 60

local function shield(body)
  local fine, err = loop.spawn(function() return pcall(body) end, { slice = SLICE }):join()
  return fine == true, err
end

---@param source string
---@param name string
---@param held fun(): table
---@async
return function(source, name, held)
  return spec.run(source, name, {
    shield = shield, held = held, pause = function() loop.sleep(0.01) end })
end
