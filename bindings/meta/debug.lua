--- Looking into the live VMs of the daemon. Only inside `moond`.
---@meta engine.debug
local debug = {}

--- Names of the VMs: `control`, `worker:1`, …
---@return string[]
function debug.vms() end

---@class engine.debug.Run
---@field vm? string `control` by default
---@field module string Of the scripts
---@field fn string Name of a function in it
---@field argument? any What JSON can hold
---@field deadline? number Seconds, 30 by default
---@field slice? number Seconds it may run without waiting, 5 by default
---@field connection? integer With its end the task ends too

--- Runs a function of a script module as a task in a live VM. *async*
---@param run engine.debug.Run
---@return {generation: integer, result: any}? answer
---@return engine.Error? err `not_found`; what was raised, with the traceback in `debug`
---@async
function debug.run(run) end

---@class engine.debug.Profile
---@field vms {name: string, samples: integer, stacks: table<string, integer>}[] Stacks are folded:
---   frames from the root on, joined by `;`

--- Samples what all VMs do, by their processor time. *async*
---@param options {seconds: number?, hertz: number?}
---@return engine.debug.Profile? profile
---@return engine.Error? err `busy`
---@async
function debug.profile(options) end

---@class engine.debug.Span
---@field name string
---@field at string? File and line
---@field parent integer Index of the span around it, from 1; 0: none
---@field start number Nanoseconds since the call began
---@field finish number

---@class engine.debug.TracedCall
---@field method string
---@field vm string
---@field trace string Of the request, or made for it
---@field startedAt number Seconds since 1970
---@field error string? Kind of the error it ended with
---@field spans engine.debug.Span[]

--- Follows the next calls of a method. *async*
---@param options {method: string, count: integer?, seconds: number?}
---@return engine.debug.TracedCall[]? calls Fewer than asked when the time was over
---@return engine.Error? err `busy`
---@async
function debug.trace(options) end

--- Begins a span of the call that is being followed; nil when none is.
---@param name string
---@return integer? span
function debug.open_span(name) end

--- Ends a span. Nil is fine.
---@param span integer?
function debug.close_span(span) end

return debug
