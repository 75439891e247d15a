--- Processes and subcontainers, as PID 1 of a container runs them. In `moon-container` only.
---
--- Everything marked *async* yields and must run inside a task.
---@meta engine.ns
---@class engine.ns
local ns = {}

---@class engine.ns.Mount
---@field source string absolute directory of the container
---@field subpath? string below the source; symbolic links in it do not lead out
---@field target string path inside the image, made if missing
---@field readonly? boolean
---@field kind? 'directory'|'file'|'infer' of a source that is missing: what to make (default
--- directory); infer: it must exist

---@class engine.ns.SubcontainerOptions
---@field root string the image's writable root
---@field name string in the service's log
---@field mounts? engine.ns.Mount[]
---@field resolv_conf? string content of /etc/resolv.conf; default: left alone

---@class engine.ns.CommandOptions
---@field argv string[]
---@field env? string[] K=V; PATH and HOME are added where missing
---@field directory? string default `/`
---@field user? string name or number, with `:group` if wanted; default root
---@field input? string for standard input, at most 64 KiB
---@field log? string write its output to the service's log, under this daemon's name
---@field capture? boolean keep its output for `wait`
---@field limit? integer bytes kept of each stream (default 1 MiB)
---@field on_line? fun(stream: 'stdout'|'stderr', line: string) must not yield

---@class engine.ns.Exit
---@field code integer exit code, or 128 + signal
---@field signal? integer
---@field out string kept lines of standard output
---@field err string

---@class engine.ns.Process A collected process is killed.
local Process = {}

--- Waits for its end and that of its output. *async*
---@return engine.ns.Exit? exit
---@return engine.Error? err `cancelled`, `timeout`; the process runs on then
---@async
function Process:wait() end

---@param name string 'TERM', 'SIGHUP', …
---@return true? ok
---@return engine.Error? err `not_found` when it has ended, `invalid_params`
function Process:signal(name) end

--- Kills it and whatever else lives in its group.
function Process:kill() end

---@return integer pid as PID 1 sees it
function Process:pid() end

---@return boolean
function Process:running() end

---@return number? bytes of its group; nil without a memory controller
function Process:memory() end

---@class engine.ns.Subcontainer
local Subcontainer = {}

--- Starts the idle leader, which holds the namespaces. No effect when it runs.
---@return true? ok
---@return engine.Error? err
function Subcontainer:start() end

--- Runs a command beside the leader.
---@param opts engine.ns.CommandOptions
---@return engine.ns.Process? process
---@return engine.Error? err `not_found` (program, user, directory), …
function Subcontainer:exec(opts) end

--- Runs a command as PID 1 of fresh namespaces, in place of the idle leader.
---@param opts engine.ns.CommandOptions
---@return engine.ns.Process? process
---@return engine.Error? err `busy` while there is a leader
function Subcontainer:launch(opts) end

--- Ends every process inside.
function Subcontainer:kill() end

---@return number? bytes of all processes inside; nil without a memory controller
function Subcontainer:memory() end

--- Runs a command in the container itself.
---@param opts engine.ns.CommandOptions
---@return engine.ns.Process? process
---@return engine.Error? err
function ns.spawn(opts) end

---@param opts engine.ns.SubcontainerOptions
---@return engine.ns.Subcontainer? subcontainer nothing runs in it yet
---@return engine.Error? err `invalid_params`
function ns.subcontainer(opts) end

--- Makes directory `to` equal to `from`, in a process of its own. Lines of the form
--- `progress FILES BYTES TOTAL` tell how far it is; exit code 0 is success, the error is in `err`.
---@param from string
---@param to string
---@param opts? {on_line?: fun(stream: string, line: string)}
---@return engine.ns.Process? process
---@return engine.Error? err
function ns.copy(from, to, opts) end

--- Whether something listens on a port, by the kernel's tables.
---@param port integer
---@param udp? boolean
---@return boolean? bound
---@return engine.Error? err
function ns.port_bound(port, udp) end

--- Writes a line to the service's log.
---@param line {message: string, level?: string, daemon?: string, subcontainer?: string}
function ns.log(line) end

--- What this process costs, in bytes.
---@return {rss: number, pss: number, lua: number}? memory
---@return engine.Error? err
function ns.memory() end

return ns
