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

--- The names in use that begin with `prefix`, in byte order.
---@param prefix? string
---@return string[]
function state.names(prefix) end

--- Remembers a key of a set for some time and tells whether it is new, in one step for all VMs:
--- of two that give the same key, one gets `true`.
---@param set string
---@param key string
---@param seconds number How long it is remembered
---@param limit integer How many keys the set may hold
---@param owner? string Whoever gave this with the key sees it as new again
---@return boolean? new
---@return engine.Error? err `busy` when the set is full
function state.once(set, key, seconds, limit, owner) end

--- How far earlier runs of the program have raised a mark; 0 when none has.
---@param name string a-z, 0-9, `.`, `_`, `-`
---@return integer? value
---@return engine.Error? err `corrupt`, or what kept the file from being read
function state.mark(name) end

--- Raises a mark to `value` at least: a number that only rises and that outlives the process. It is
--- on the disk when this returns; whoever raises it waits for that, so raise it seldom.
---@param name string
---@param value integer
---@return true? ok
---@return engine.Error? err What kept the file from being written
function state.raise(name, value) end

return state
