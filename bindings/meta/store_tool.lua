--- Whole stores, each task in a process of its own: a damaged page may kill who reads it. Paths are
--- the directory of a store (`{data}/store`); where it says so, the file of a backup, too.
---@meta engine.store_tool
local store_tool = {}

---@class engine.store_tool.Finding
---@field where string `document "/public/ui"`, `log revision 12`, `head`
---@field what string

---@class engine.store_tool.Report
---@field oldest integer First revision in the log
---@field head integer
---@field revisions integer In the log
---@field entries integer Of the document's table
---@field inJournal integer Revisions after these that are still to be brought into the file
---@field documentBytes integer Of the document as compact JSON
---@field fileBytes integer
---@field findings engine.store_tool.Finding[] What is damaged; empty: the store is in order

---@class engine.store_tool.Measures
---@field bytes integer The file takes on the disk
---@field pageBytes integer
---@field pages integer Used so far, free ones included
---@field freePages integer That the next changes will use
---@field depth integer Of the document's tree
---@field entries integer Of the document's table
---@field readers integer Snapshots open in other processes
---@field mapBytes integer Address space; it grows when it is full
---@field id string
---@field format integer
---@field head integer Newest revision, be it in the journal only
---@field oldest integer First revision in the log
---@field inJournal integer Revisions still to be brought into the file; 0 while it is open
---@field logBytes integer
---@field schema? {version: integer, applied: store.migrate.Applied[]}

--- Reads every page and every entry. *async* The store may be in use.
---@param path string A store or a backup
---@return engine.store_tool.Report? report
---@return engine.Error? err `not_found`; `corrupt` where reading cannot go on
---@async
function store_tool.check(path) end

--- Copies a store to a file that is made in one step, after checking it. *async* The store may be in
--- use; what is only in memory is not in the copy.
---@param directory string
---@param file string
---@param opts? {replace?: boolean} Whether a file that is there gives way
---@return engine.store_tool.Report? report Of the copy
---@return engine.Error? err `duplicate`, `corrupt`, `no_space`, …
---@async
function store_tool.backup(directory, file, opts) end

--- Puts a copy of a backup in the place of a store, after checking it. *async*
---@param file string
---@param directory string
---@return {report: engine.store_tool.Report, kept: string?}? restored `kept`: the store before
---@return engine.Error? err `busy` while somebody has the store open; `corrupt`, `no_space`, …
---@async
function store_tool.restore(file, directory) end

--- Writes a store anew without its free pages. *async*
---@param directory string
---@return {before: integer, after: integer}? bytes
---@return engine.Error? err `busy` while somebody has the store open; `corrupt`, `no_space`, …
---@async
function store_tool.compact(directory) end

--- Counts without reading the document. *async* The store may be in use.
---@param path string A store or a backup
---@return engine.store_tool.Measures? measures
---@return engine.Error? err `not_found`, `corrupt`
---@async
function store_tool.measure(path) end

return store_tool
