--- One log line, target `audit`, for every call of a method with `audit = true`: who, from where,
--- what, how it ended. Contents are never written, only size and hash of the parameters; with
--- `secret = true` not even these, since short secrets can be found from their hash.
local crypto = require('engine.crypto')
local json = require('engine.json')
local log = require('engine.log')
local loop = require('engine.loop')

local M = {}

M.name = 'audit'

M.keys = {
  audit = { type = 'boolean', default = false },
  secret = { type = 'boolean', default = false },
}

-- What was refused or raised must be seen too.
M.after_raise = true

function M.applies(metadata) return metadata.audit end

local function fingerprint(params)
  local text = json.encode(params or {})
  return text and #text or 0, text and crypto.blake3(text):sub(1, 16) or '-'
end

--- Taken before the handler runs: it may change the params.
function M.request(call, params, metadata)
  local size, hash
  if not metadata.secret then size, hash = fingerprint(params) end
  call.audit = { size = size, hash = hash, started = loop.now() }
end

--- The beginning of a session's or a key's name is enough to tell them apart.
local function short(text) return text and text:sub(1, 12) end

local function outcome(response)
  if response.raised then return 'raised' end
  local err = response.error
  if err == nil then return 'ok' end
  return type(err) == 'table' and err.code or 'script'
end

function M.response(call, response, _metadata, method)
  local entry, peer = call.audit or {}, call.peer or {}
  log.info('audit', method.method, {
    uid = peer.uid, gid = peer.gid, pid = peer.pid, address = call.address,
    by = call.auth and call.auth.by, session = short(call.session and call.session.id),
    signer = short(call.signer and crypto.blake3(call.signer)),
    params_bytes = entry.size, params_hash = entry.hash, result = outcome(response),
    ms = entry.started and math.floor((loop.now() - entry.started) * 1000 + 0.5) or nil,
  })
end

return M
