--- Where the plants are: `/public/ui/garden` of the store. `/public` is for every client to see.
local pointer = require('lib.pointer')
local store = require('engine.store')

local M = {}

M.ROOT = '/public/ui/garden'

---@param name string
---@return string pointer
function M.place(name) return M.ROOT .. pointer.join(name) end

--- All plants, by name.
---@return table<string, {thirst: integer, watered: string?}>
function M.plants() return store.get(M.ROOT) or {} end

--- The objects above a plant come into being with the first one.
---@param db engine.store.Mutation
function M.prepare(db)
  for _, place in ipairs({ '/public/ui', M.ROOT }) do
    if not db:exists(place) then db:put(place, {}) end
  end
end

return M
