--- Named read/write locks of the process, first come first served. They outlive a reload of the
--- scripts, so two generations never do the same work at once.
---@meta engine.lease
local lease = {}

---@class engine.lease.Lease
local Lease = {}

--- Lets the next one in. Idempotent; a collected lease is released too.
function Lease:release() end

---@class engine.lease.Options
---@field shared? boolean several may hold it at once (default: exclusive)

--- Waits for the lock. *async*
---@param name string
---@param opts? engine.lease.Options
---@return engine.lease.Lease? lease
---@return engine.Error? err `cancelled`, `timeout`
---@async
function lease.acquire(name, opts) end

--- Takes the lock if it is free.
---@param name string
---@param opts? engine.lease.Options
---@return engine.lease.Lease? lease
---@return engine.Error? err `busy`
function lease.try(name, opts) end

return lease
