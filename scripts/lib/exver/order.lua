--- The orders of versions: total among plain ones, partial among extended ones.
local integer = require('lib.exver.integer')

local M = {}

local function is_number(segment) return segment:find('^%d+$') ~= nil end

local function compare_text(a, b)
  if a == b then return 0 end
  return a < b and -1 or 1
end

local function compare_segments(a, b)
  local a_number, b_number = is_number(a), is_number(b)
  if a_number ~= b_number then return a_number and -1 or 1 end
  if a_number then return integer.compare(a, b) end
  return compare_text(a, b)
end

--- No prerelease comes after every prerelease.
local function compare_prereleases(a, b)
  if #a == 0 or #b == 0 then return #a == #b and 0 or #a == 0 and 1 or -1 end
  for i = 1, math.min(#a, #b) do
    local order = compare_segments(a[i], b[i])
    if order ~= 0 then return order end
  end
  return #a == #b and 0 or #a < #b and -1 or 1
end

---@param a lib.exver.Plain
---@param b lib.exver.Plain
---@return -1|0|1
function M.plain(a, b)
  for i = 1, math.max(#a.numbers, #b.numbers) do
    local order = integer.compare(a.numbers[i] or '0', b.numbers[i] or '0')
    if order ~= 0 then return order end
  end
  return compare_prereleases(a.prerelease, b.prerelease)
end

--- Upstream, then downstream, whatever the flavors.
---@param a lib.exver.Version
---@param b lib.exver.Version
---@return -1|0|1
function M.within_flavor(a, b)
  local order = M.plain(a.upstream, b.upstream)
  if order ~= 0 then return order end
  return M.plain(a.downstream, b.downstream)
end

--- Nil when the flavors differ: neither is greater then, and they are not equal.
---@param a lib.exver.Version
---@param b lib.exver.Version
---@return -1|0|1|nil
function M.compare(a, b)
  if a.flavor ~= b.flavor then return nil end
  return M.within_flavor(a, b)
end

--- The order of sorted lists: flavors by name, versions without one last.
---@param a lib.exver.Version
---@param b lib.exver.Version
---@return -1|0|1
function M.total(a, b)
  if a.flavor == b.flavor then return M.within_flavor(a, b) end
  if not a.flavor or not b.flavor then return a.flavor and -1 or 1 end
  return compare_text(a.flavor, b.flavor)
end

return M
