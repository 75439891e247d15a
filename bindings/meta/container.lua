--- The program around a container's scripts. In `moon-container` only.
---@meta engine.container
local container = {}

---@class engine.container.Paths
---@field package string the package's code
---@field media string `/media/startos`: volumes, images, assets, subcontainers, backup, logs, rpc
---@field host_socket string where effects go

---@return engine.container.Paths
function container.paths() end

--- Ends the process when every answer is written.
---@param status? integer exit status, default 0
function container.exit(status) end

---@class engine.container.IsolatedOptions
---@field module string a script module; its `run(input)` is called as a task
---@field input any JSON-able
---@field memory? number bytes of Lua heap (default 32 MiB)
---@field timeout? number seconds (default 60)
---@field on_call fun(name: string, params: table): any, any answers `engine.isolated.call` inside

--- Runs a function in a Lua state of its own with the limits of untrusted code: no files, no
--- processes, no sockets; it can compute and ask `on_call`. The state is closed afterwards. *async*
---@param opts engine.container.IsolatedOptions
---@return any result
---@return engine.Error? err what it raised or returned, `timeout`
---@async
function container.isolated(opts) end

return container
