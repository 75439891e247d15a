--- The daemon a script runs in. Only inside `moond`.
---@meta engine.daemon
local daemon = {}

--- Facts for `server.info`: name, version, gitInfo, instance, dataDir, socket, pid, uptime (s),
--- startedAt (s, Unix time), workers, luajit, guard, cgroup, uid, hostname, limits, state (`running`, `error`), generation
--- (the one in force; there is none in diagnostic mode), and there `fault` {kind, message, hint, file, line, source}.
---@return table info
function daemon.info() end

--- The methods of a context as described at load.
---@param context string e.g. 'RpcContext'
---@return table[] methods
function daemon.methods(context) end

--- The highest version of the supervisor's envelope that is spoken here and lies between two that a
--- client speaks. Whoever does not say speaks the lowest.
---@param lowest? integer
---@param highest? integer
---@return integer? chosen
---@return engine.Error? err `protocol_unsupported` with details {min, max}; `invalid_params` where
--- the lowest is above the highest
function daemon.choose_protocol(lowest, highest) end

--- State of the scripts: generation, loadedAt, roots, files, kept (generations to go back to),
--- failures, `rolledBackFrom` after a rollback, and `error` {file, line, source, message} of the
--- last load if it was refused. *async*
---@return table status
---@async
function daemon.status() end

--- Loads the scripts again. *async*
---@return table? report generation, previous, changed, files (added, removed, changed), methods
--- (context → added, removed, changed), durations (µs by phase)
---@return engine.Error? err `script` with details {file, line}; the old generation stays
---@async
function daemon.reload() end

--- Puts the good generation before the one in force back into force. *async*
---@return table? report as of `reload`, with `rolledBackFrom` and `restored`
---@return engine.Error? err `not_found` when none is kept, `busy` while a load is under way
---@async
function daemon.rollback() end

--- Loads and validates what lies on the disk, in diagnostic mode the store too, and puts nothing
--- into force. *async*
---@return {starts: true}? report
---@return engine.Error? err `script` with details {file, line, source}
---@async
function daemon.check() end

--- The script files in force.
---@return {file: string, module: string, from: 'overlay'|'shipped', path: string, bytes: integer, hash: string}[] files
function daemon.files() end

--- Counters in the text format of Prometheus: calls, errors by kind and latency of each method;
--- heap and calls of each VM; reloads; commits and revisions of the store; connections.
---@return string text
function daemon.metrics_text() end

--- Begins an orderly stop. Calls in flight are still answered.
function daemon.shutdown() end

--- The same, then the daemon begins anew in the same process. Containers keep running.
function daemon.restart() end

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
