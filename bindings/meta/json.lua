--- JSON.
---
--- Documents become tables and back without loss: `null` is the sentinel `json.null`, arrays carry
--- a metatable (`getmetatable(t) == 'engine.json.array'`) so that an empty one stays an array, and
--- integers beyond 2^53 arrive as `engine.json.Value`.
---@meta engine.json
local json = {}

--- JSON null. `tostring(json.null) == 'null'`; it is true in conditions.
---@type lightuserdata
json.null = nil

--- A document that stays text: `tostring` gives it, `==` compares it.
---@class engine.json.Value
local Value = {}

--- The document as Lua values.
---@return any? value
---@return engine.Error? err
function Value:decode() end

--- The members of an object by their keys, or the elements of an array, each as text still.
---@return table<string|integer, engine.json.Value>? parts
---@return engine.Error? err `invalid_params`: neither an object nor an array
function Value:parts() end

---@class engine.json.EncodeOpts
---@field pretty? boolean Two spaces of indentation

--- Text of a value. Objects are written in byte order of their keys, integral numbers as integers.
--- A table is an array when it is marked as one or when its keys are 1…n with n > 0.
---
---@param value any
---@param opts? engine.json.EncodeOpts
---@return string? text
---@return engine.Error? err `serialization` naming the path of what JSON cannot hold, `utf8`
function json.encode(value, opts) end

--- The value of a text, which must hold one document and nothing else.
---
---@param text string
---@return any? value
---@return engine.Error? err `parse_error` with the byte offset, `request_too_large` (nesting)
function json.decode(text) end

--- Marks a table (a new one without argument) as an array and returns it.
---
---@param t? table
---@return table t
function json.array(t) end

--- Whether `encode` would write the value as an array.
---
---@param value any
---@return boolean
function json.is_array(value) end

--- A document that stays text on its way through Lua.
---
---@param text string
---@return engine.json.Value? value
---@return engine.Error? err `parse_error`
function json.raw(text) end

--- A document after a JSON Patch (RFC 6902): all operations or none.
---
---@param value any
---@param patch table[] operations
---@return any? value
---@return engine.Error? err `not_found`, `conflict` for a failed `test`, `invalid_params`
function json.patch(value, patch) end

--- The JSON Patch that turns one document into another; `[]` for equal ones.
---
---@param before any
---@param after any
---@return table[]? patch
---@return engine.Error? err `serialization`
function json.diff(before, after) end

return json
