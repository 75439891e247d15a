--- The store as scripts see it: the document by its schema. `engine.store` is the same document by
--- pointers.
---
---     local name = store.peek(function(db) return db.public.serverInfo.language:de() end)
---     local ok, err = store.mutate(function(db) db.public.serverInfo.language:ser('de_DE') end)
local engine = require('engine.store')
local model = require('store.model')
local schema = require('store.schema')

local M = {}

--- Runs `read` on the document as it is now, and gives what it returns. Never waits for a writer.
---@generic T
---@param read fun(db: store.model.Document): T
---@return T
function M.peek(read)
  local snapshot, err = engine.peek()
  if not snapshot then error(err, 0) end
  local ok, result, second = pcall(read, model.root(snapshot, schema.document))
  snapshot:close()
  if not ok then error(result, 0) end
  return result, second
end

local function is_error(raised) return type(raised) == 'table' and raised.code ~= nil end

--- Runs `edit` on the document and commits what it changed; again if somebody else changed what it
--- relies on, at last with the store to itself. *async*
---
--- `edit` may not wait, nor begin another change. If it returns `nil, err` or a model raises an
--- error, nothing changes and that error is the answer.
---@generic T
---@param edit fun(db: store.model.Document): T?, engine.Error?
---@param opts? engine.store.Options
---@return T? result What `edit` returned; `true` if nothing
---@return engine.store.Outcome|engine.Error outcome The error if `result` is nil
---@async
function M.mutate(edit, opts)
  return engine.mutate(function(db)
    local ok, result, err = pcall(edit, model.root(db, schema.document))
    if ok then return result, err end
    if is_error(result) then return nil, result end
    error(result, 0)
  end, opts)
end

---@class store.Watch
---@field _watch engine.store.Watch
---@field _pick fun(db: store.model.Document): any
---@field _seen boolean
local Watch = {}
Watch.__index = Watch

--- Waits until what is watched may have changed; the first call returns at once. *async*
---@param timeout? number Seconds
---@return true? changed
---@return engine.Error? err `timeout`, `closed`, `cancelled`
---@async
function Watch:changed(timeout)
  if not self._seen then
    self._seen = true
    return true
  end
  local update, err = self._watch:next(timeout)
  if not update then return nil, err end
  return true
end

--- What `read` makes of the watched model now.
---@generic T
---@param read fun(model: any): T
---@return T
function Watch:peek(read)
  return M.peek(function(db) return read(self._pick(db)) end)
end

function Watch:close() self._watch:close() end

--- Watches a part of the document: `store.watch(function(db) return db.public.packageData end)`.
---@param pick fun(db: store.model.Document): any Names the part; may not read
---@return store.Watch? watch
---@return engine.Error? err
function M.watch(pick)
  local at = M.peek(function(db) return pick(db):pointer() end)
  local watch, err = engine.watch(at)
  if not watch then return nil, err end
  return setmetatable({ _watch = watch, _pick = pick, _seen = false }, Watch)
end

return M
