--- The arithmetic of progress trees.
---
--- A value is nil (not started), false (running), true (complete), `{done, total?, units?}`, or a
--- nested `{overall, phases = {{name, progress}, …}}`.
local copy = require('lib.copy').deep
local null = require('lib.null')

local M = {}

local function is_measured(value) return type(value) == 'table' and value.phases == nil end

--- 0 … 1: how far a value is.
---@param value any
---@return number
function M.ratio(value)
  if value == true then return 1 end
  if type(value) ~= 'table' then return 0 end
  if value.phases then return M.ratio(value.overall) end
  local total = value.total
  if type(total) ~= 'number' then return 0 end
  if total <= 0 then return 1 end
  return math.min(1, (value.done or 0) / total)
end

---@param value any
---@return boolean
function M.is_complete(value)
  if type(value) == 'table' and value.phases then return value.overall == true end
  return value == true
end

---@class lib.progress.Phase
---@field name string
---@field weight number? Counts for the overall value only when there is one
---@field progress any
---@field counted number What the overall value has been credited with

---@class lib.progress.Tracker
---@field phases lib.progress.Phase[]
---@field total number
---@field done number
---@field complete boolean
local Tracker = {}
Tracker.__index = Tracker

--- A tracker without phases.
---@return lib.progress.Tracker
function M.tracker()
  return setmetatable({ phases = {}, total = 0, done = 0, complete = false }, Tracker)
end

--- Adds a phase; a weight widens the overall total.
---@param name string
---@param weight? number
---@return lib.progress.PhaseHandle
function Tracker:phase(name, weight)
  local phase = { name = name, weight = weight, progress = nil, counted = 0 }
  self.phases[#self.phases + 1] = phase
  if weight then self.total = self.total + weight end
  return M.handle(self, phase)
end

-- The overall value only goes forward, also when a phase's value goes back.
local function credit(tracker, phase)
  if not phase.weight then return end
  local now = math.floor(M.ratio(phase.progress) * phase.weight)
  if now > phase.counted then
    tracker.done = tracker.done + now - phase.counted
    phase.counted = now
  end
end

--- Marks everything as complete.
function Tracker:finish()
  for _, phase in ipairs(self.phases) do
    phase.progress = true
    credit(self, phase)
  end
  self.complete = true
end

--- The tree as it is on the wire.
---@return {overall: any, phases: {name: string, progress: any}[]}
function Tracker:snapshot()
  local phases = {}
  for i, phase in ipairs(self.phases) do
    phases[i] = { name = phase.name, progress = copy(phase.progress) }
  end
  local overall = self.complete
  if not overall and self.total > 0 then
    overall = { done = self.done, total = self.total }
  end
  return { overall = overall, phases = phases }
end

---@class lib.progress.PhaseHandle
---@field tracker lib.progress.Tracker
---@field entry lib.progress.Phase
local Handle = {}
Handle.__index = Handle

function M.handle(tracker, phase)
  return setmetatable({ tracker = tracker, entry = phase }, Handle)
end

--- Running; not yet measured.
function Handle:start()
  if self.entry.progress == nil then self.entry.progress = false end
end

---@param total number
---@param units? 'bytes'|'steps'
function Handle:set_total(total, units)
  local value = self.entry.progress
  if value == true then return end
  local done = is_measured(value) and value.done or 0
  self.entry.progress = { done = math.min(done, total), total = total, units = units }
  credit(self.tracker, self.entry)
end

---@param done number Clamped to the total
function Handle:set_done(done)
  local value = self.entry.progress
  if value == true then return end
  local measured = is_measured(value) and value or { done = 0 }
  measured.done = measured.total and math.min(done, measured.total) or done
  self.entry.progress = measured
  credit(self.tracker, self.entry)
end

---@param more number
function Handle:add(more)
  local value = self.entry.progress
  self:set_done((is_measured(value) and value.done or 0) + more)
end

--- Replaces the value wholesale, for instance by a nested tree.
---@param value any
function Handle:set(value)
  if self.entry.progress == true then return end
  if null.is_null(value) then value = nil end
  self.entry.progress = M.is_complete(value) or copy(value)
  credit(self.tracker, self.entry)
end

function Handle:complete()
  self.entry.progress = true
  credit(self.tracker, self.entry)
end

--- `Installing 40%` lines of a tree, deepest running phase last.
---@param value any A snapshot
---@return {name: string, ratio: number?, depth: integer, progress: any}[]
function M.lines(value, depth, out)
  out, depth = out or {}, depth or 0
  for _, phase in ipairs(type(value) == 'table' and value.phases or {}) do
    local progress = phase.progress
    local known = progress == true or (type(progress) == 'table'
      and (progress.total or progress.phases)) and true or false
    out[#out + 1] = { name = phase.name, depth = depth, progress = progress,
      ratio = known and M.ratio(progress) or nil }
    if not M.is_complete(progress) then M.lines(progress, depth + 1, out) end
  end
  return out
end

return M
