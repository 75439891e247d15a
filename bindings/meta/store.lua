--- The patch store: one JSON document, changed by patches.
---
--- Pointers are RFC 6901 texts: `''` is the whole document, `/public/serverInfo` a part of it.
--- Functions marked *async* yield and must run inside a task.
---@meta engine.store
local store = {}

---@class engine.store.Outcome
---@field revision integer The revision of the change, or the current one if nothing changed
---@field changed boolean

---@class engine.store.Options
---@field durable? boolean Answer after the flush to disk (default). `false` is for progress: visible
--- at once, on disk with the next durable change, lost by a crash before

---@class engine.store.HistoryQuery
---@field pointer? string Revisions that touch it, something above it or something below it
---@field since? integer Those after this one
---@field before? integer Those before this one
---@field limit? integer default 20
---@field patch? boolean Whether their operations are wanted

---@class engine.store.Revision
---@field id integer
---@field time number Seconds since 1970
---@field class 'durable'|'soon' `soon`: only in memory when it was made
---@field bytes? integer Of its patch as JSON, as far as it concerns the pointer; absent where
--- the operations alone do not say that
---@field method? string Of the call that made it, or the name of the task
---@field who? string
---@field reverts? {first: integer, last: integer} The revisions it undoes
---@field patch? engine.json.Value Relative to the pointer; absent where the operations alone do not
--- say what changed there

---@class engine.store.Stats
---@field head integer The newest revision
---@field oldest integer First revision in the log
---@field logBytes integer
---@field transactions integer Groups of changes flushed together since the store was opened
---@field changes integer Revisions since the store was opened
---@field conflicts integer Changes that had to be run again
---@field largestBatch integer Most revisions that shared a flush
---@field queued integer Changes that wait
---@field pending integer Revisions not yet in the file
---@field flushedAt? number Seconds since 1970: the end of the last flush
---@field flushTime? number Seconds that the last flush took

---@class engine.store.ApplyOptions: engine.store.Options
---@field expect? integer Fail with `conflict` unless the store is at this revision

---@class engine.store.Update
---@field revision integer The newest revision it covers
---@field patch? table[] The operations (`add`, `remove`, `replace`) of all revisions since the last
--- update; they may touch places beside the watched one too
---@field lagged? boolean Too much has come: read the document again

--- The document as of one revision. Close it when done: it keeps old pages of the file in use.
---@class engine.store.Snapshot
local Snapshot = {}

---@param pointer string
---@return any value
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Snapshot:get(pointer) end

--- The value as JSON that never becomes a table: numbers stay exact, nothing is copied apart.
---@param pointer string
---@return engine.json.Value? value
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Snapshot:raw(pointer) end

--- Whether there is a value, null included.
---@param pointer string
---@return boolean? exists
---@return engine.Error? err `invalid_params`, `corrupt`
function Snapshot:exists(pointer) end

--- The names of an object's members in byte order.
---@param pointer string
---@return string[]? keys
---@return engine.Error? err `not_found`, `invalid_params` if it is no object, `corrupt`
function Snapshot:keys(pointer) end

--- What kind of value is there; nil if there is nothing.
---@param pointer string
---@return 'object'|'array'|'string'|'number'|'boolean'|'null'|nil kind
---@return engine.Error? err `invalid_params`, `corrupt`
function Snapshot:kind(pointer) end

--- The number of members or elements; 0 for scalars.
---@param pointer string
---@return integer? size
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Snapshot:size(pointer) end

---@return integer
function Snapshot:revision() end

function Snapshot:close() end

--- A change in the making; reads see the edits so far. Valid inside the closure only.
---@class engine.store.Mutation
local Mutation = {}

---@param pointer string
---@return any value
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Mutation:get(pointer) end

---@param pointer string
---@return engine.json.Value? value
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Mutation:raw(pointer) end

---@param pointer string
---@return boolean? exists
---@return engine.Error? err `invalid_params`, `corrupt`
function Mutation:exists(pointer) end

---@param pointer string
---@return string[]? keys
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Mutation:keys(pointer) end

--- What kind of value is there; nil if there is nothing.
---@param pointer string
---@return 'object'|'array'|'string'|'number'|'boolean'|'null'|nil kind
---@return engine.Error? err `invalid_params`, `corrupt`
function Mutation:kind(pointer) end

--- The number of members or elements; 0 for scalars.
---@param pointer string
---@return integer? size
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function Mutation:size(pointer) end

--- The revision the closure sees.
---@return integer
function Mutation:revision() end

--- Makes the value at `pointer` this one, whether there is one or not. The parent must exist; `-`
--- appends to an array.
---@param pointer string
---@param value any A Lua value or an `engine.json.Value`
---@return true? ok
---@return engine.Error? err `not_found`, `invalid_params`, `request_too_large`, `utf8`
function Mutation:put(pointer, value) end

--- Puts the value into an array before the element at `pointer`, or adds a member.
---@param pointer string
---@param value any
---@return true? ok
---@return engine.Error? err `not_found`, `invalid_params`, `request_too_large`, `utf8`
function Mutation:insert(pointer, value) end

---@param pointer string
---@return true? ok
---@return engine.Error? err `not_found`, `invalid_params`
function Mutation:remove(pointer) end

--- Applies a JSON Patch (RFC 6902): all operations or none.
---@param patch table[]|engine.json.Value
---@return true? ok
---@return engine.Error? err `not_found`, `invalid_params`, `conflict` for a failed `test`
function Mutation:apply(patch) end

--- Fails unless the store is at `revision`, now and when the change is committed.
---@param revision integer
---@return true? ok
---@return engine.Error? err `conflict`
function Mutation:expect(revision) end

--- What the store says of its schema from here on; changed together with the document.
---@param schema table
---@return true ok
function Mutation:set_schema(schema) end

--- Hears of changes at, above and below a pointer.
---@class engine.store.Watch
local Watch = {}

--- Waits for the next change; gives all that have come since the last call as one. *async*
---
--- To follow without a gap: watch, then peek, then skip updates up to the snapshot's revision.
---@param timeout? number Seconds
---@return engine.store.Update? update
---@return engine.Error? err `timeout`, `closed`, `cancelled`
---@async
function Watch:next(timeout) end

function Watch:close() end

--- Follows the value at a pointer, as text that is ready to be sent.
---@class engine.store.Feed
local Feed = {}

--- *async* The next update: `{"id":N,"patch":[…],"prev":M}` with operations relative to the
--- pointer and the id of the update before, or, when too many have waited, `{"id":N,"value":…}`.
--- Ids grow from one to the next.
---@return string? text
---@return engine.Error? err `closed` when the store closes or the feed was closed; `corrupt` when
--- the value could not be read; `cancelled`
---@async
function Feed:next() end

function Feed:close() end

---@class engine.store.FeedOptions
---@field since? integer The revision the reader has
---@field store? string The store it has that of; of another store than this one it is nothing

---@class engine.store.FeedStart
---@field dump? engine.json.Value `{id, value}`
---@field revisions? engine.json.Value `[{id, patch}, …]` after `since`, when they can be told

--- Follows the value at `pointer`, null where nothing is. What comes fits to the start without a
--- gap. A segment `*` stands for any one name: the value is then an object of what each names.
---@param pointer string
---@param options? engine.store.FeedOptions
---@return engine.store.Feed? feed
---@return engine.store.FeedStart|engine.Error start
function store.feed(pointer, options) end

--- The newest revision; every feed will come to an update with an id that is not below it.
---@return integer
function store.sync() end

--- A snapshot of the document now. Never waits for a writer.
---@return engine.store.Snapshot? snapshot
---@return engine.Error? err `busy`
function store.peek() end

--- The value at `pointer` now.
---@param pointer string
---@return any value
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function store.get(pointer) end

---@param pointer string
---@return engine.json.Value? value
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function store.raw(pointer) end

---@param pointer string
---@return boolean? exists
---@return engine.Error? err `invalid_params`, `corrupt`
function store.exists(pointer) end

---@param pointer string
---@return string[]? keys
---@return engine.Error? err `not_found`, `invalid_params`, `corrupt`
function store.keys(pointer) end

--- Runs `edit` on a snapshot and commits what it changed; runs it again if somebody else changed
--- what it relies on. *async*
---
--- `edit` must not yield and should do nothing but read and change `db`, as it may run several
--- times. When it returns `nil, err` or raises, nothing changes.
---@param edit fun(db: engine.store.Mutation): any, engine.Error?
---@param opts? engine.store.Options
---@return any result What `edit` returned; `true` if nothing
---@return engine.store.Outcome|engine.Error outcome The error if `result` is nil
---@async
function store.mutate(edit, opts) end

--- Makes the value at `pointer` this one. *async*
---@param pointer string
---@param value any A Lua value or an `engine.json.Value`
---@param opts? engine.store.Options
---@return engine.store.Outcome? outcome
---@return engine.Error? err `not_found`, `invalid_params`, `request_too_large`, `utf8`, `no_space`
---@async
function store.put(pointer, value, opts) end

--- Applies a JSON Patch (RFC 6902): all operations or none. *async*
---@param patch table[]|engine.json.Value
---@param opts? engine.store.ApplyOptions
---@return engine.store.Outcome? outcome
---@return engine.Error? err `not_found`, `invalid_params`, `conflict`, `no_space`
---@async
function store.apply(patch, opts) end

--- Watches for changes at, above and below `pointer`, in which a segment `*` stands for any name.
---@param pointer string
---@return engine.store.Watch? watch
---@return engine.Error? err `invalid_params`
function store.watch(pointer) end

--- Undoes revisions `first` to `last` as one new revision. *async* Reads the log from `first` on: for
--- `from_fn_blocking`.
---@param first integer
---@param last integer
---@param opts? engine.store.Options
---@return engine.store.Outcome? outcome
---@return engine.Error? err `conflict` naming the place and what is there now; `not_found`
---@async
function store.revert(first, last, opts) end

--- Brings every change into the store's file, for who reads that itself. *async*
---@return engine.store.Outcome? outcome
---@return engine.Error? err `no_space`, `closed`
---@async
function store.flush() end

--- The log keeps with every change of this task, and of those it spawns, who made it. For a call
--- the chain has said it already.
---@param who string "uid 0"
function store.set_author(who) end

--- What happened, newest first, within 16 MiB of patches. *async*
---@param query? engine.store.HistoryQuery
---@return engine.store.Revision[]? revisions
---@return engine.Error? err `invalid_params`, `corrupt`
---@async
function store.history(query) end

---@return engine.store.Stats? stats
---@return engine.Error? err `corrupt`
function store.stats() end

--- What the last migration wrote of the schema; nil in a store that never had one.
---@return table? schema
---@return engine.Error? err `corrupt`
function store.schema() end

--- The newest revision.
---@return integer
function store.head() end

--- 32 hex digits that name this store for ever.
---@return string
function store.id() end

--- Names what the revision ids mean: the id, and another ending after each restored backup.
---@return string
function store.history_id() end

return store
