--- Requests to web servers.
---@meta engine.fetch
local fetch = {}

---@class engine.fetch.SendOptions
---@field url string http or https
---@field method? string default POST
---@field headers? table<string, string>
---@field body? string
---@field file? string a file to send instead of `body`
---@field cacert? string file of the authorities whose certificates are good; default: the system's
---@field timeout? number seconds the server may be almost silent, and the most to connect; default 30
---@field progress? fun(done: integer, total: integer) bytes of the file; no yield

---@class engine.fetch.Answer
---@field status integer
---@field body string

--- Sends a text or a file and gives the answer, of at most 1 MiB, whatever its status. Redirects are
--- not followed. *async*
---@param opts engine.fetch.SendOptions
---@return engine.fetch.Answer? answer
---@return engine.Error? err `network`, `timeout`, `parse_url`, `not_found`, `filesystem`
---@async
function fetch.send(opts) end

return fetch
