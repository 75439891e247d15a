--- The kinds of errors.
---@meta engine.errc
local errc = {}

---@class engine.errc.Kind
---@field number integer `error.code` in JSON-RPC
---@field label string `error.message` in JSON-RPC, in English
---@field labelKey string Its locale key
---@field exit integer Exit status of a command that fails with it
---@field five 'Ok'|'Busy'|'NotFound'|'InvalidState'|'InternalError'

--- Every kind by its name.
---@type table<string, engine.errc.Kind>
errc.kinds = nil

---@class engine.errc.Opts
---@field hint? string
---@field details? any

--- Makes an error, to return as `nil, errc.new(…)` or to raise.
---
---@param code string A kind; an unknown one becomes `unknown`
---@param message string
---@param opts? engine.errc.Opts
---@return engine.Error
function errc.new(code, message, opts) end

return errc
