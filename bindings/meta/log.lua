--- The log.
---
--- `target` is the part that speaks ("service.hello-world"); without it the VM's name stands there.
--- Never log a secret that was not hidden: fields are written as they are.
---@meta engine.log
---@class engine.log
local log = {}

---@param target string
---@param message string
---@param fields? table<string, any>
---@overload fun(message: string, fields?: table<string, any>)
function log.debug(target, message, fields) end

---@param target string
---@param message string
---@param fields? table<string, any>
---@overload fun(message: string, fields?: table<string, any>)
function log.info(target, message, fields) end

---@param target string
---@param message string
---@param fields? table<string, any>
---@overload fun(message: string, fields?: table<string, any>)
function log.warn(target, message, fields) end

---@param target string
---@param message string
---@param fields? table<string, any>
---@overload fun(message: string, fields?: table<string, any>)
function log.error(target, message, fields) end

--- From now on `secret` is written as `***` wherever it occurs in a line, in files and events.
---@param secret string
---@return boolean hidden false for one under 6 bytes, which would mask too much
function log.hide(secret) end

--- Takes `hide` back.
---@param secret string
function log.unhide(secret) end

return log
