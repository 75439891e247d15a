--- Values that outlive a generation of scripts.
---
--- One table for the whole process: every VM sees the same values, each as its own copy. What must
--- outlive the process belongs in the store.
---@meta engine.state
local state = {}

---@param name string
---@return any? value A copy; nil when there is none
function state.get(name) end

--- Keeps a JSON value under a name; nil removes it.
---
---@param name string
---@param value any
---@return true? ok
---@return engine.Error? err `serialization`
function state.set(name, value) end

--- Adds to a number in one step, so that two VMs never lose an addition.
---
---@param name string
---@param amount? number 1 by default
---@return number sum
function state.add(name, amount) end

---@return string[]
function state.names() end

return state
