--- The engine around a spec. Only inside `moon-cli script test`; specs use `call`, `clock` and
--- `data_dir`, which are made of it.
---@meta engine.spec
local spec = {}

---@class engine.spec.Call
---@field method string
---@field params? table
---@field context? string 'RpcContext' by default
---@field attributes? table Merged into `call.ctx`
---@field uid? integer The caller's; none: no peer is known, as over HTTP
---@field transport? 'unix'|'http'|'https'|'ws'|'wss'|'tls'
---@field address? string
---@field locale? string
---@field headers? table<string, string> Of an HTTP request; names in lower case

--- Calls a method through method table, middleware and schemas. *async*
---@param call engine.spec.Call
---@return any result
---@return engine.Error? err
---@async
function spec.call(call) end

--- Lets time pass: timers that are due fire in order. *async*
---@param seconds number
---@return true
---@async
function spec.advance(seconds) end

--- Waits by the machine's clock, which goes on while that of the spec stands. *async*
---@param seconds number
---@return true? ok
---@return engine.Error? err `cancelled`
---@async
function spec.wait(seconds) end

--- What the scripts hold, after a collection: tasks that wait (by an id that is used once), live
--- objects by class, references that the engine keeps to Lua values.
---@return {references: integer, tasks: table<string, {name: string, place: string}>, objects: table<string, integer>}
function spec.held() end

--- A folder of this spec file's own; it goes away with it.
---@return string path
function spec.data_dir() end

return spec
