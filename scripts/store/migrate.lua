--- Brings the document of an older store to what these scripts expect: runs the files of
--- `store/migrations/`, `NNNN-name.lua` in the order of their numbers from 0001 on, that the store
--- has not had yet. The daemon does so when it opens the store, before anybody else sees it.
---
--- A file returns `{ up = function(db) … end }`; `db` is an `engine.store.Mutation`. What `up` does
--- and that it was done become one revision; if it returns `nil, err` or raises, nothing of it is
--- kept and the daemon does not serve.
local module = require('engine.module')
local store = require('engine.store')
local timestamp = require('lib.timestamp')
local tool = require('engine.store_tool')

local M = {}

local FOLDER = 'store.migrations.'

---@class store.Migration
---@field number integer
---@field name string `0001-parts`
---@field module string

---@class store.migrate.Applied
---@field name string
---@field time string

--- The migrations there are, in order. Raises for names that are none, and for gaps.
---@return store.Migration[]
function M.known()
  local found = {}
  for i, file in ipairs(module.scripts(FOLDER)) do
    local name = file.module:sub(#FOLDER + 1)
    local number = tonumber(name:match('^(%d%d%d%d)%-[%l%d-]+$'))
    if number ~= i then
      error(('%s: expected the name %04d-something.lua'):format(file.name, i), 0)
    end
    found[i] = { number = number, name = name, module = file.module }
  end
  return found
end

--- What the store has had.
---@return {version: integer, applied: store.migrate.Applied[]}
function M.state()
  local schema, err = store.schema()
  if err then error(err, 0) end
  return schema or { version = 0, applied = {} }
end

--- The copy of a store made before its schema went on from `version`.
---@param directory string
---@param version integer
---@return string
function M.copy_path(directory, version)
  return ('%s-schema-%d.mdb'):format(directory, version)
end

local function after(state, migration)
  local applied = { unpack(state.applied) }
  applied[#applied + 1] = { name = migration.name, time = timestamp.format(os.time()) }
  return { version = migration.number, applied = applied }
end

--- Runs `up` on `db`; what it raises is an error like another.
local function run_up(migration, db)
  local ok, result, err = pcall(function() return require(migration.module).up(db) end)
  if ok and err == nil and result ~= nil then return true end
  local why = ok and (err or 'it returned nothing') or result
  return nil, { code = 'migration_failed',
    message = type(why) == 'table' and (why.message or why.code) or tostring(why) }
end

local function failure(migration, err, copy)
  return { code = 'migration_failed',
    message = ("migration %s of the store failed and changed nothing: %s"):format(migration.name,
      err.message),
    hint = ('mend or remove store/migrations/%s.lua and start again; to go back to the program '
      .. 'before: moon-cli db restore %s'):format(migration.name, copy),
    details = { migration = migration.name, copy = copy } }
end

local function apply(migration, state, copy)
  local next_state = after(state, migration)
  local done, err = store.mutate(function(db)
    local worked, why = run_up(migration, db)
    if not worked then return nil, why end
    return db:set_schema(next_state)
  end)
  if done then return next_state end
  return nil, failure(migration, err, copy)
end

local TRIED = { code = 'cancelled', message = 'only tried' }

--- Runs all that is pending in one change that is not committed.
local function try(known, state, copy)
  local failed
  store.mutate(function(db)
    for number = state.version + 1, #known do
      local worked, err = run_up(known[number], db)
      if not worked then
        failed = failure(known[number], err, copy)
        break
      end
    end
    return nil, TRIED
  end)
  if failed then return nil, failed end
  return true
end

--- Brings the store to the newest schema. *async*
---@param options {directory: string, try?: boolean} `try`: change nothing
---@return true? ok
---@return table? err `migration_failed`, `newer_format`
---@async
function M.run(options)
  local known, state = M.known(), M.state()
  local copy = M.copy_path(options.directory, state.version)
  if state.version > #known then
    return nil, { code = 'newer_format',
      message = ('the schema of the store is %d, these scripts know %d'):format(state.version,
        #known),
      hint = ('start the version that wrote it, or go back: moon-cli db restore %s'):format(
        M.copy_path(options.directory, #known)) }
  end
  if state.version == #known then return true end
  if options.try then return try(known, state, copy) end
  local copied, err = tool.backup(options.directory, copy, { replace = true })
  if not copied then return nil, err end
  for number = state.version + 1, #known do
    state, err = apply(known[number], state, copy)
    if not state then return nil, err end
  end
  return true
end

return M
