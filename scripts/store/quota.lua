--- Keeps what user interfaces store within 1 MiB.
---
--- Measuring takes as long as there is to measure, and a change that had looked at all of it would
--- conflict with every other one. So it is measured beside the change, and not again before this VM
--- has added a sixteenth of what is allowed; near the bound, each time.
local pointer = require('lib.pointer')
local store = require('engine.store')

local M = {}

M.MOST = 2 ^ 20

local UI = '/public/ui'
local STEP = M.MOST / 16

-- What was measured last, and what was added since.
local measured, added = math.huge, 0

local function measure()
  local value = store.raw(UI)
  measured, added = value and #tostring(value) or 0, 0
end

local function too_large()
  return nil, { code = 'request_too_large',
    message = ('%s would hold more than %d KiB'):format(UI, M.MOST / 1024),
    hint = 'user interfaces keep settings there; files belong elsewhere' }
end

local function concerns(at)
  return at == '' or at == '/public' or at == UI or at:sub(1, #UI + 1) == UI .. '/'
end

--- Whether what a change at `at` has made of it is within what is allowed.
---@param db engine.store.Mutation
---@param at string
---@return true? ok
---@return table? err `request_too_large`
function M.check(db, at)
  if not concerns(at) then return true end
  local value = db:raw(UI)
  if value and #tostring(value) > M.MOST then return too_large() end
  return true
end

--- Whether `bytes` more of JSON at a pointer are within what is allowed there. REQUIRES: before the
--- change, outside of it.
---@param at string
---@param bytes integer
---@return true? ok
---@return table? err `request_too_large`
function M.admit(at, bytes)
  local tokens = pointer.split(at)
  if not tokens or tokens[1] ~= 'public' or tokens[2] ~= 'ui' then return true end
  if #tokens == 2 then
    measured, added = 0, 0
  elseif added + bytes > STEP or measured + added + bytes > M.MOST / 2 then
    measure()
  end
  if measured + bytes > M.MOST then return too_large() end
  added = added + bytes
  return true
end

return M
