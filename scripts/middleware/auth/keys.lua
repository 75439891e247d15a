--- The public keys whose signatures are accepted, at `/private/authPubkeys` in the store.
local crypto = require('engine.crypto')
local loop = require('engine.loop')
local engine = require('engine.store')
local store = require('store')
local timestamp = require('lib.timestamp')

local M = {}

---@class middleware.Key
---@field key string PEM
---@field name string
---@field admin boolean May do what the owner may
---@field addedAt string RFC 3339

local ROOT = '/private/authPubkeys'
local ID_LENGTH = 32

--- The id of a key: the beginning of its hash.
---@param pem string In the canonical form
---@return string
function M.id_of(pem) return crypto.blake3(pem):sub(1, ID_LENGTH) end

--- The entry of a key; nil when it is not accepted.
---@param pem string In the canonical form
---@return middleware.Key?
function M.find(pem)
  local entry = engine.get(('%s/%s'):format(ROOT, M.id_of(pem)))
  return type(entry) == 'table' and entry.key == pem and entry or nil
end

--- All keys by id.
---@return table<string, middleware.Key>
function M.list()
  return store.peek(function(db) return db.private.authPubkeys:de() end) or {}
end

--- Accepts a key from now on. *async*
---@param pem string
---@param options {name: string, admin: boolean}
---@return string? id
---@return engine.Error? err `pem`, `duplicate`
---@async
function M.add(pem, options)
  local key, wrong = crypto.canonical_key(pem)
  if not key then return nil, wrong end
  local id = M.id_of(key)
  local done, err = store.mutate(function(db)
    local all = db.private.authPubkeys
    if all:contains_key(id) then
      return nil, { code = 'duplicate', message = 'the key is there already: ' .. id,
        hint = 'remove it first to change its name or its rights' }
    end
    all:insert(id, { key = key, name = options.name, admin = options.admin,
      addedAt = timestamp.format(loop.time()) })
  end)
  if done == nil then return nil, err end
  return id
end

--- Accepts keys no more. *async*
---@param ids string[]
---@return true? ok
---@return engine.Error? err `not_found`
---@async
function M.remove(ids)
  local done, err = store.mutate(function(db)
    for _, id in ipairs(ids) do
      if not db.private.authPubkeys:remove(id) then
        return nil, { code = 'not_found', message = 'there is no key ' .. id,
          hint = 'moon-cli auth key list shows them' }
      end
    end
  end)
  if done == nil then return nil, err end
  return true
end

return M
