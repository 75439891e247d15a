--- Lua code that is not the program's own: a package's modules, chunks given as text.
---@meta engine.module
local module = {}

---@class engine.module.TreeOpts
---@field allow? string[] Modules of this program the tree may require; `lib.*` allows all below
---@field provide? table<string, any> Modules made by the host, by name

--- A directory's modules with a cache, globals and a `require` of their own. A tree is one reading
--- of the files; read again to see changes.
---@class engine.module.Tree
local Tree = {}

---@class engine.module.File
---@field module string "procedures.backup"
---@field name string "procedures/backup.lua", as tracebacks name it
---@field path string

--- Reads every `*.lua` below the directories; an earlier one hides files of a later one. *async*
--- (outside a task it reads at once).
---
---@param dirs string|string[]
---@param opts? engine.module.TreeOpts
---@return engine.module.Tree? tree
---@return engine.Error? err `script` with details {file, line} when a file does not compile
---@async
function module.tree(dirs, opts) end

--- Loads a module of the tree. Its `require` looks in the tree first, then among `provide`d and
--- `allow`ed modules. Raises as `require` does.
---
---@param name string
---@param globals? table Becomes the tree's globals; by default a table that falls back on ours
---@return any module
function Tree:require(name, globals) end

---@return engine.module.File[]
function Tree:files() end

--- A text that changes when a file does.
---@return string
function Tree:fingerprint() end

--- Compiles an expression or a chunk; text only.
---
---@param source string
---@param globals? table Ours by default
---@param name? string As in tracebacks; `eval` by default
---@return function? chunk
---@return engine.Error? err `script`
function module.eval(source, globals, name) end

--- The program's own scripts whose module name begins with `prefix`, by name; loaded or not.
---
---@param prefix? string "extensions.handlers."
---@return engine.module.File[]
function module.scripts(prefix) end

--- The text of one of the program's own scripts.
---
---@param name string "core.echo"
---@return string? source nil: there is none
function module.source(name) end

--- All modules this VM has loaded so far, by name.
---
---@return table<string, any>
function module.loaded() end

--- The names a value offers: fields of tables, those behind `__index`, methods of engine objects.
--- Calls nothing.
---@param value any
---@return string[]
function module.members(value) end

return module
