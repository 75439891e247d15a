--- The daemon a script runs in. Only inside `moond`.
---@meta engine.daemon
local daemon = {}

--- Facts for `server.info`: name, version, gitInfo, instance, dataDir, socket, pid, uptime (s),
--- workers, luajit, guard, cgroup.
---@return table info
function daemon.info() end

--- The methods of a context as described at load.
---@param context string e.g. 'RpcContext'
---@return table[] methods
function daemon.methods(context) end

--- State of the scripts: generation, loadedAt, roots, files, failures, and `error` {file, line,
--- message} of the last load if it was refused. *async*
---@return table status
---@async
function daemon.status() end

--- Loads the scripts again. *async*
---@return table? report generation, changed, methods (context → added, removed, changed), durations
---@return engine.Error? err `script` with details {file, line}; the old generation stays
---@async
function daemon.reload() end

--- Begins an orderly stop. Calls in flight are still answered.
function daemon.shutdown() end

---@class engine.daemon.Listener
---@field path string where the socket appears; a stale one is replaced
---@field context string handler tree it serves
---@field attributes? table merged into `call.ctx`
---@field uid? integer owner of the socket
---@field gid? integer

--- Serves a handler tree on a Unix socket of mode 0600 until `unlisten`. It outlives the generation
--- of scripts that opened it. *async*
---@param listener engine.daemon.Listener
---@return true? ok
---@return engine.Error? err `cannot_bind`
---@async
function daemon.listen(listener) end

--- Closes the socket and its connections. *async*
---@param path string
---@return true? ok
---@return engine.Error? err `not_found`
---@async
function daemon.unlisten(path) end

return daemon
