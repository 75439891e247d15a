--- The log.
---
--- `target` is the part that speaks ("service.hello-world"); without it the VM's name stands there.
--- Never log a secret: fields are written as they are.
---@meta engine.log
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

return log
