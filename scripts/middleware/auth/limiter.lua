--- How often somebody may try a password: a bucket of tries for each address, and one for all
--- addresses together, from which those who logged in before are exempt. Runs on the control loop
--- only, so that no two tries count as one.
local loop = require('engine.loop')
local state = require('engine.state')

local M = {}

--- Tries at once, and seconds until one more is allowed.
M.ADDRESS = { burst = 5, every = 20 }
M.EVERYBODY = { burst = 60, every = 3 }

-- Replaced by tests.
M.now = loop.now

local PREFIX = 'auth.limiter.'
local EVERYBODY = PREFIX .. '*'
local MOST_ADDRESSES = 4096

--- The groups of an IPv6 address that name a network: one host has as many addresses as it likes.
local function network_of(address)
  local head, tail = address:match('^(.-)::(.*)$')
  local groups = {}
  for group in (head or address):gmatch('%x+') do
    groups[#groups + 1] = group
  end
  local behind = select(2, (tail or ''):gsub('%x+', ''))
  for _ = #groups + 1, head and 8 - behind or 0 do
    groups[#groups + 1] = '0'
  end
  for group in (tail or ''):gmatch('%x+') do
    groups[#groups + 1] = group
  end
  return table.concat(groups, ':', 1, math.min(4, #groups))
end

--- Whom a call's tries count for.
---@param call table
---@return string
function M.key(call)
  local address = call.address
  if not address then return 'user ' .. tostring(call.peer and call.peer.uid) end
  local inner = address:match('^%[(.-)%]')
  if not inner then return (address:gsub(':%d+$', '')) end
  return inner:match('^::ffff:(%d+%.%d+%.%d+%.%d+)$') or network_of(inner)
end

local function filled(bucket, rule, now)
  bucket = bucket or { tokens = rule.burst, at = now }
  local gained = math.max(0, now - bucket.at) / rule.every
  return { tokens = math.min(rule.burst, bucket.tokens + gained), at = now, good = bucket.good }
end

local function refusal(call, bucket, rule)
  local wait = math.max(1, math.ceil((1 - bucket.tokens) * rule.every))
  call.response = call.response or {}
  call.response.headers = call.response.headers or {}
  table.insert(call.response.headers, { 'Retry-After', tostring(wait) })
  return nil, { code = 'rate_limited', message = 'too many attempts to log in',
    hint = ('try again in %d s'):format(wait), details = { retryAfterMs = wait * 1000 } }
end

local function is_full() return #state.names(PREFIX) > MOST_ADDRESSES end

--- Takes one try, before any password is looked at.
---@param call table
---@return true? allowed
---@return engine.Error? err `rate_limited`
function M.take(call)
  local name, now = PREFIX .. M.key(call), M.now()
  local kept = state.get(name)
  local own = filled(kept, M.ADDRESS, now)
  if own.tokens < 1 then return refusal(call, own, M.ADDRESS) end
  local all = filled(state.get(EVERYBODY), M.EVERYBODY, now)
  if not own.good then
    if all.tokens < 1 then return refusal(call, all, M.EVERYBODY) end
    all.tokens = all.tokens - 1
    state.set(EVERYBODY, all)
  end
  own.tokens = own.tokens - 1
  if kept or not is_full() then state.set(name, own) end
  return true
end

--- A try has succeeded: the address has all its tries again.
---@param call table
function M.succeeded(call)
  local name = PREFIX .. M.key(call)
  if state.get(name) then
    state.set(name, { tokens = M.ADDRESS.burst, at = M.now(), good = true })
  end
end

--- Forgets addresses that have all their tries again.
function M.sweep()
  local now = M.now()
  for _, name in ipairs(state.names(PREFIX)) do
    local bucket = state.get(name)
    local full = bucket and filled(bucket, M.ADDRESS, now).tokens >= M.ADDRESS.burst
    if name ~= EVERYBODY and full and now - bucket.at > 86400 then state.set(name, nil) end
    if name ~= EVERYBODY and full and not bucket.good then state.set(name, nil) end
  end
end

return M
