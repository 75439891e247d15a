--- Work that takes longer than a call. Jobs survive a reload of the scripts; every change of one is
--- an event of type `job` with the snapshot as data.
---
--- Functions marked *async* yield and must run inside a task.
---@meta engine.job
local job = {}

---@alias engine.job.State 'running'|'succeeded'|'failed'|'cancelled'

---@class engine.job.New
---@field kind string For example `package.install`
---@field target? string What it works on, for example a package id
---@field title? string For people

---@class engine.job.Measure
---@field done integer
---@field total? integer
---@field units? 'bytes'|'steps'

---@class engine.job.Tree
---@field overall engine.job.Progress
---@field phases { name: string, progress: engine.job.Progress }[]

--- Null: not begun. false: going on, nothing to measure. true: complete.
---@alias engine.job.Progress nil|boolean|engine.job.Measure|engine.job.Tree

---@class engine.job.Snapshot
---@field id string
---@field kind string
---@field target? string
---@field title? string
---@field state engine.job.State
---@field cancelling boolean Asked to stop, still running
---@field progress engine.job.Progress
---@field result any Once succeeded
---@field error? { kind: string, message: string, hint?: string, info?: any } Once failed or cancelled
---@field created string RFC 3339
---@field ended? string

--- The right to report about one job. Let go before the job was ended, the job ends as cancelled.
---@class engine.job.Job
local Job = {}

---@return string
function Job:id() end

--- Published at most ten times a second.
---@param progress engine.job.Progress
---@return true? ok
---@return engine.Error? err `serialization`
function Job:progress(progress) end

--- Ends the job. What comes after the first end is ignored.
---@param result? any
---@return true? ok
---@return engine.Error? err `serialization`; the job goes on
function Job:finish(result) end

--- Ends the job; an error with the code `cancelled` makes it cancelled, not failed.
---@param err engine.Error|string
---@return true
function Job:fail(err) end

--- Whether somebody asked for its end.
---@return boolean
function Job:cancelled() end

--- Runs `fn` once in a task of its own when somebody asks for the end of the job.
---@param fn fun()
function Job:on_cancel(fn) end

--- *async* Begins a job. When this answers, it is on the disk that the job runs: if the daemon ends
--- before the job, the next one has it as failed with the code `daemon_restarted`.
---@param new engine.job.New
---@return engine.job.Job? job
---@return engine.Error? err The job could not be written down: `no_space`, `closed`
function job.create(new) end

--- All that run and the last 256 that ended, oldest first.
---@return engine.job.Snapshot[]? jobs
---@return engine.Error? err
function job.list() end

---@param id string
---@return engine.job.Snapshot? job
---@return engine.Error? err `not_found`
function job.get(id) end

--- *async* Waits for the end of a job.
---@param id string
---@param timeout? number Seconds; without it, waits for ever
---@return engine.job.Snapshot? job
---@return engine.Error? err `not_found`, `timeout`
function job.wait(id, timeout) end

--- Asks a job to end; whether and when it does is its own affair.
---@param id string
---@return true? ok
---@return engine.Error? err `not_found`
function job.cancel(id) end

return job
