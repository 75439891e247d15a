--- Starting, stopping and asking after the daemon of an instance, from outside.
---@meta engine.daemon_control
local daemon_control = {}

---@class engine.daemon_control.Instance
---@field data_dir? string default: the one of the user
---@field instance? string default: 'default'

---@class engine.daemon_control.Paths
---@field instance string
---@field base string the data directory
---@field data string the instance's part of it
---@field run string folder of socket, lock and pid file
---@field socket string
---@field lock string
---@field overlay string the operator's scripts
---@field daemonLog string
---@field bootLog string

--- Where an instance keeps what; nothing of it need exist.
---@param opts? engine.daemon_control.Instance
---@return engine.daemon_control.Paths? paths
---@return engine.Error? err `usage`, `data_dir_unusable`
function daemon_control.paths(opts) end

---@class engine.daemon_control.StartOptions: engine.daemon_control.Instance
---@field arguments? string[] further ones for `moond run`
---@field timeout? number seconds until it must be ready (default 15)

--- Starts the daemon in the background; returns when it is ready. *async*
---@param opts? engine.daemon_control.StartOptions
---@return {alreadyRunning: boolean, pid: integer}? report
---@return engine.Error? err what the daemon said, or `details.bootLog`; `timeout`
---@async
function daemon_control.start(opts) end

---@class engine.daemon_control.StopOptions: engine.daemon_control.Instance
---@field timeout? number seconds for the orderly way (default 35); then SIGTERM, then SIGKILL

--- Stops the daemon; returns when its process has ended. *async*
---@param opts? engine.daemon_control.StopOptions
---@return {method: 'not running'|'request'|'SIGTERM'|'SIGKILL', pid: integer?}? report
---@return engine.Error? err `permission_denied`, `timeout`
---@async
function daemon_control.stop(opts) end

--- How the daemon does. `info` is its own answer to `server.info`. *async*
---@param opts? engine.daemon_control.Instance
---@return {state: 'stopped'|'running'|'not answering', pid: integer?, version: string?, info: table?}? status
---@return engine.Error? err `permission_denied`
---@async
function daemon_control.status(opts) end

return daemon_control
