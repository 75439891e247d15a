--- Engines of their own for checking and testing scripts: nothing of a running daemon is touched.
--- Only inside moon-cli.
---@meta engine.scratch
local scratch = {}

---@class engine.scratch.Roots
---@field overlay? string Folder searched first
---@field shipped string Folder of the shipped scripts; package.lua lies beside it

---@class engine.scratch.Problem
---@field file string As tracebacks name it
---@field line integer
---@field message string
---@field mend? string

--- Loads the scripts as a daemon would: modules, trees, metadata, selftests. *async*
---@param roots engine.scratch.Roots
---@return {methods: integer, problems: engine.scratch.Problem[]}? report
---@return engine.Error? err The scripts cannot be read
---@async
function scratch.check(roots) end

---@class engine.scratch.Spec: engine.scratch.Roots
---@field file string The spec
---@field name string As messages name it
---@field match? string Only tests with this text in their name
---@field limit? number Seconds for each test, 10 by default

--- Runs one spec file in an engine of its own: a fresh store, a stopped clock, a temporary folder.
--- *async*
---@param spec engine.scratch.Spec
---@return lib.spec.Report? report
---@return engine.Error? err The engine cannot be made, or the scripts do not load
---@async
function scratch.run(spec) end

return scratch
