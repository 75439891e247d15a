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
---@field locale? string Of every call that names none, e.g. `de_DE`
---@field on_event? engine.client.OnEvent Called for every notification on the connection that
--- belongs to no `events`

---@class engine.client.CallOptions
---@field timeout? number Seconds until `timeout`, all attempts included; default 30. Never longer
--- than the rest of the running task. The server is told (`deadline_ms`)
---@field raw? boolean Give the result as opaque JSON instead of tables
---@field read_only? boolean The method changes nothing, so it may be sent again when the connection
--- breaks. Without it a call whose request may have been read fails with `outcome_unknown`
---@field idempotency_key? string At most 64 bytes: the server carries calls with the same key out
--- once, so it may be sent again
---@field trace? string A name for the call in logs and events
---@field locale? string Language of messages in the answer
---@field on_event? engine.client.OnEvent Called for every notification that comes during the call

--- Options of a call on a connection of its own.
---@class engine.client.OneCallOptions: engine.client.CallOptions, engine.client.ConnectOptions

--- One connection with many calls at once. It is made again after it broke: while `events` are
--- open, and for calls that are safe to send again, by itself and with growing waits; else by the
--- next call. Without `close` it lives until the collector finds it.
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

--- *async* A call of a method that changes nothing: `read_only` is set.
---@param method string
---@param params? table|engine.json.Value
---@param opts? engine.client.CallOptions
---@return any result
---@return engine.Error? err
function Connection:query(method, params, opts) end

--- *async* A call the server carries out once, however often the connection breaks: unless given,
--- an `idempotency_key` is made.
---@param method string
---@param params? table|engine.json.Value
---@param opts? engine.client.CallOptions
---@return any result
---@return engine.Error? err
function Connection:action(method, params, opts) end

--- What an `engine.client.Events` gives.
---@class engine.client.Event: {[string]: any}
---@field type string Of the event; `gap`: events are missing, look at the state again; `lagged`:
--- `dropped` events are missing because this end read too slowly
---@field seq? integer Absent from `gap` and `lagged`
---@field dropped? integer

--- A subscription one task reads. Callable, for a loop; a failure is raised there:
---
---     for event in conn:events({ type = 'job' }) do print(event.seq, event.type) end
---
--- It goes on where it was when the connection was made anew. It holds 1024 events, then the oldest
--- go.
---@class engine.client.Events
---@overload fun(): engine.client.Event?
local Events = {}

--- *async* The next event.
---@param timeout? number Seconds; without it, waits for ever
---@return engine.client.Event? event
---@return engine.Error? err `timeout`, `closed`; what the server has against the filter
function Events:next(timeout) end

function Events:close() end

---@class engine.client.EventOptions
---@field since_seq? integer Begin with what came after this event
---@field replay_last? integer Begin with this many events that have been already, at most 1000

--- Subscribes to events of the server; those with equal filters share one subscription there.
--- The first wait tells when it was refused.
---@param filter? table As for `event.subscribe`
---@param opts? engine.client.EventOptions
---@return engine.client.Events? events
---@return engine.Error? err `serialization`
function Connection:events(filter, opts) end

--- Sends a call whose answer nobody waits for.
---@param method string
---@param params? table|engine.json.Value
---@return true? ok
---@return engine.Error? err `serialization`
function Connection:notify(method, params) end

---@class engine.client.WebSocketOptions
---@field timeout? number Seconds for the handshake, default 5

--- *async* Opens a WebSocket of the same server, on a connection of its own: a stream that a call
--- has answered with (`/ws/rpc/GUID`). Absent in containers.
---@param target string Path, from `/` on
---@param opts? engine.client.WebSocketOptions
---@return engine.client.WebSocket? socket
---@return engine.Error? err `not_found` (the id is wrong, or too old), `daemon_not_running`,
--- `permission_denied`, `busy`, `network`, `timeout`, `connection_lost`, `deserialization`
---@async
function Connection:websocket(target, opts) end

--- A stream of messages. Without `close` it lives until the collector finds it.
---@class engine.client.WebSocket
local WebSocket = {}

--- *async* The next message.
---@param timeout? number Seconds; without it, waits for ever
---@return string? message
---@return engine.Error? err `closed` when all is told; `timeout` (the stream goes on);
--- `connection_lost` when the server went away or the connection broke; `busy`; `internal` with
--- the server's words when the stream failed
---@async
function WebSocket:receive(timeout) end

--- *async* Sends a message; waits while the server is slow.
---@param message string Text in UTF-8; anything else ends the stream
---@return true? sent
---@return engine.Error? err As for `receive`
---@async
function WebSocket:send(message) end

--- Says goodbye; what comes from now on is `closed`.
---@param code? integer 1000 if absent
---@param reason? string At most 123 bytes
function WebSocket:close(code, reason) end

---@return boolean
function Connection:connected() end

--- Calls under way fail with `closed`, events end.
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
