--- The connections of the daemon and what scripts attach to them.
---
--- A connection is named by its id (`call.connection`). Attached values go away with it; they are
--- the place for what holds as long as a connection does, such as a login on a TLS line.
---@meta engine.connection
local connection = {}

---@class engine.connection.Info
---@field id integer
---@field transport 'unix'|'http'|'https'|'ws'|'wss'|'tls'
---@field address? string `127.0.0.1:4711`; not on Unix sockets
---@field uid? integer Of the peer, on Unix sockets
---@field since string RFC 3339

--- Attaches a JSON value to a connection; nil takes it away.
---@param id integer
---@param key string
---@param value any
---@return true? ok
---@return engine.Error? err `not_found` when the connection has ended, `serialization`
function connection.put(id, key, value) end

---@param id integer
---@param key string
---@return any? value A copy; nil when there is none
function connection.get(id, key) end

--- All connections, oldest of each listener first.
---@return engine.connection.Info[]
function connection.list() end

--- Begins to close a connection: what is queued for it is still sent.
---@param id integer
---@return true? ok
---@return engine.Error? err `not_found` when the connection has ended
function connection.close(id) end

return connection
