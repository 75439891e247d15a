--- Commands.
---@meta engine.process
local process = {}

---@class engine.process.RunOpts
---@field stdin? string
---@field timeout? number Seconds, 60 by default; then the command is killed
---@field env? table<string, string|false> Added to ours; false removes a name
---@field cwd? string

---@class engine.process.Output
---@field code integer Exit status, or 128 + signal
---@field signal? integer
---@field out string At most 1 MiB, the rest is dropped
---@field err string

--- Runs a command to its end. Not for a program that collects its own children (PID 1). *async*
---
---@param argv string[] Program (sought in PATH) and arguments
---@param opts? engine.process.RunOpts
---@return engine.process.Output? output
---@return engine.Error? err `not_found`, `timeout`
---@async
function process.run(argv, opts) end

--- This process.
---@return integer
function process.pid() end

return process
