--- The procedures under way, by event id.
local json = require('engine.json')
local loop = require('engine.loop')

local M = {}

---@class runtime.Running
---@field id string
---@field procedure string
---@field task engine.loop.Task
---@field began number
---@field cancelled boolean?

---@type table<string, runtime.Running>
local running = {}

---@param entry runtime.Running
function M.add(entry) running[entry.id] = entry end

---@param entry runtime.Running
function M.remove(entry)
  if running[entry.id] == entry then running[entry.id] = nil end
end

--- Cancels the procedure with this event id.
---@param id string
---@return boolean cancelled
function M.cancel(id)
  local entry = running[id]
  if not entry then return false end
  entry.cancelled = true
  entry.task:cancel()
  return true
end

--- Waits until no procedure runs; after `seconds`, cancels what is left. *async*
---@param seconds number
function M.drain(seconds)
  local deadline = loop.now() + seconds
  while next(running) and loop.now() < deadline do
    loop.sleep(0.05)
  end
  for id in pairs(running) do
    M.cancel(id)
  end
end

--- For `status`.
function M.list()
  local out = json.array({})
  for _, entry in pairs(running) do
    out[#out + 1] = { id = entry.id, procedure = entry.procedure,
      ageMs = math.floor((loop.now() - entry.began) * 1000) }
  end
  table.sort(out, function(a, b) return a.id < b.id end)
  return out
end

return M
