--- Streams that begin with an RPC call: the call answers with an id, and the client opens it as a
--- WebSocket (`/ws/rpc/ID`) or sends one HTTP request to it (`/rest/rpc/ID`).
---
--- An id works once and for a while. The function runs as a task of the VM that made the id,
--- wherever the connection is; a VM that is replaced by a reload stays until its streams have ended.
--- The id is the only credential of the route: give it to nobody but the caller.
---@meta engine.continuation
local continuation = {}

---@class engine.continuation.Options
---@field session? string Hashed id of the session it ends with (`call.session.id`)
---@field ttl? number Seconds in which the client must come, 30 if absent
---@field method? string HTTP method; any if absent (`rest` only)

--- Waits for one WebSocket. It is closed with 1000 when `serve` returns, with 1011 and the message
--- when it fails (`nil, err`, or an error).
---@param options engine.continuation.Options
---@param serve fun(socket: engine.continuation.Socket)
---@return string? guid 32 characters
---@return engine.Error? err `busy`: too many wait for their clients, of all or of the session
function continuation.websocket(options, serve) end

--- Waits for one HTTP request; its body is read as it comes. Without an answer it is 204, with
--- `nil, err` a plain text with a status that fits, 500 when an error is raised.
---@param options engine.continuation.Options
---@param serve fun(request: engine.continuation.Request): engine.continuation.Answer?
---@return string? guid 32 characters
---@return engine.Error? err `busy`: too many wait for their clients, of all or of the session
function continuation.rest(options, serve) end

--- Ends all reservations and open streams of a session at once.
---@param session string
---@return integer ended
function continuation.kill_session(session) end

---@class engine.continuation.Socket
local Socket = {}

--- Sends a text message; waits while the client is slow. *async*
---@param text string
---@return true? sent
---@return engine.Error? err `connection_lost`
---@async
function Socket:send(text) end

--- The next text message. *async*
---@param timeout? number Seconds; for ever if absent
---@return string? text
---@return engine.Error? err `timeout`; `closed` when the client closed; `connection_lost`;
---  `cancelled` when its session ended
---@async
function Socket:receive(timeout) end

--- Closes; later sends fail. By default 1000.
---@param code? integer
---@param reason? string At most 123 bytes
function Socket:close(code, reason) end

---@class engine.continuation.Request
---@field method string
---@field size? integer What the client announced; absent for a chunked body
local Request = {}

--- The next piece of the body, nil at its end. *async*
---@param max? integer Bytes, 65536 if absent
---@return string? bytes
---@return engine.Error? err `connection_lost`, `deserialization`
---@async
function Request:read(max) end

--- Writes the rest of the body into a file (mode 0600). When that fails, no file is left. *async*
---@param path string
---@return integer? bytes
---@return engine.Error? err
---@async
function Request:save(path) end

---@class engine.continuation.Answer
---@field status? integer 200 if absent
---@field headers? table<string, string>|string[][] By name, or a list of pairs
---@field body? string
---@field file? string Path of a file that is the body

return continuation
