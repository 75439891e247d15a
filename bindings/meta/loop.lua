--- Time, tasks and channels of this VM's loop.
---
--- Every function marked *async* waits and must run inside a task.
---@meta engine.loop
---@class engine.loop
local loop = {}

--- Waits. *async*
---
---@param seconds number
---@return true? ok
---@return engine.Error? err `cancelled`, `timeout` (the task's deadline)
---@async
function loop.sleep(seconds) end

---@class engine.loop.SpawnOpts
---@field name? string For the log
---@field deadline? number Seconds the task may take in all; none by default
---@field slice? number Seconds it may run without waiting; 5 by default

--- A task started by a script. When it fails and nobody joins it, the failure is logged.
---@class engine.loop.Task
local Task = {}

--- Starts a task in the next turn of the loop. Raises `busy` while 10 000 tasks of this VM have not ended.
---
---@param fn fun(...): ...
---@param opts? engine.loop.SpawnOpts
---@param ... any Arguments of `fn`
---@return engine.loop.Task
function loop.spawn(fn, opts, ...) end

--- Ends what the task waits for; there and in every later wait it gets `nil, {code = 'cancelled'}`.
function Task:cancel() end

--- Waits until the task has ended and gives its results. *async*
---
---@return any ... Results, or `nil, err` when it failed
---@async
function Task:join() end

---@return 'waiting'|'running'|'ended'|'failed'
function Task:status() end

--- Seconds on a clock that never jumps.
---@return number
function loop.now() end

--- Seconds since 1970, with fraction.
---@return number
function loop.time() end

--- Seconds left until the running task, such as a call of a method, is stopped; 0 when they are
--- over, nothing when it has no deadline or nothing runs that has one.
---@return number?
function loop.deadline() end

--- A queue between tasks of this VM. `#channel` are the values that wait.
---@class engine.loop.Channel
local Channel = {}

--- Makes a channel that holds `capacity` values at most; any number by default.
---
---@param capacity? integer
---@return engine.loop.Channel
function loop.channel(capacity) end

--- Puts a value in the queue. Does not wait.
---
---@param value any Not nil
---@return true? ok
---@return engine.Error? err `closed`, `busy` (full)
function Channel:send(value) end

--- Takes the oldest value, waiting for one if there is none. *async*
---
---@param timeout? number Seconds; no limit by default
---@return any? value
---@return engine.Error? err `closed`, `timeout`, `cancelled`
---@async
function Channel:receive(timeout) end

--- No more values come in; those sent can still be received.
function Channel:close() end

return loop
