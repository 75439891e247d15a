--- JSON-RPC clients over Unix sockets.
---
--- Functions marked *async* yield and must run inside a task.
---@meta engine.client
local client = {}

---@alias engine.client.OnEvent fun(params: any, method: string)

---@class engine.client.ConnectOptions
---@field connect_timeout? number Seconds, default 5
---@field wait? boolean Within that time, wait for the socket to appear
---@field hint? string What the user can do when nobody listens (`err.hint` of `daemon_not_running`)
---@field on_event? engine.client.OnEvent Called for every notification on the connection

---@class engine.client.CallOptions
---@field timeout? number Seconds until `timeout`, default 30
---@field raw? boolean Give the result as opaque JSON instead of tables
---@field read_only? boolean The method changes nothing, so it may be sent again when the connection
--- breaks. Without it a call whose request may have been read fails with `outcome_unknown`
---@field on_event? engine.client.OnEvent Called for every notification that comes during the call

--- Options of a call on a connection of its own.
---@class engine.client.OneCallOptions: engine.client.CallOptions, engine.client.ConnectOptions

--- One connection with many calls at once. It is made again after it broke. Without `close` it
--- lives until the collector finds it.
---@class engine.client.Connection
local Connection = {}

--- *async* Calls a method. Nothing as `params` stands for an empty object.
---@param method string
---@param params? table|engine.json.Value
---@param opts? engine.client.CallOptions
---@return any result
---@return engine.Error? err What the server answered (`err.code` is its `data.kind`, or made from
--- the number), or `daemon_not_running`, `permission_denied`, `outcome_unknown`, `connection_lost`,
--- `timeout`, `request_too_large`, `closed`
function Connection:call(method, params, opts) end

--- Sends a call whose answer nobody waits for.
---@param method string
---@param params? table|engine.json.Value
---@return true? ok
---@return engine.Error? err `serialization`
function Connection:notify(method, params) end

---@return boolean
function Connection:connected() end

--- Calls under way fail with `closed`.
function Connection:close() end

--- *async* Connects.
---@param path string The socket
---@param opts? engine.client.ConnectOptions
---@return engine.client.Connection? connection
---@return engine.Error? err `daemon_not_running`, `permission_denied`, `timeout`
function client.connect(path, opts) end

--- *async* One call on a connection of its own.
---@param path string The socket
---@param method string
---@param params? table|engine.json.Value
---@param opts? engine.client.OneCallOptions
---@return any result
---@return engine.Error? err As for Connection:call
function client.call(path, method, params, opts) end

return client
