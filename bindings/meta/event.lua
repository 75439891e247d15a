--- What happens in the daemon, as it happens.
---
--- Functions marked *async* yield and must run inside a task.
---@meta engine.event
local event = {}

---@alias engine.event.Level 'trace'|'debug'|'info'|'warn'|'error'

---@class engine.event.New
---@field type string For example `package.state`
---@field level? engine.event.Level default info
---@field target? string The part that speaks, dotted: `service.hello-world`
---@field job? string Job id
---@field package? string Package id
---@field path? string What it is about, as a slash path: `/packageData/hello-world`
---@field data? any

---@class engine.event.Event: engine.event.New
---@field seq integer
---@field ts string RFC 3339
---@field lagged? integer Events lost before this one because the reader was slow

--- Every given field must match; alternatives within one are enough. An event without a filtered
--- field does not match.
---@class engine.event.Filter
---@field type? string|string[] Exact, or `prefix*`
---@field level? engine.event.Level At least this
---@field target? string|string[] Dotted prefix
---@field job? string|string[]
---@field package? string|string[]
---@field path_scope? string This path and below
---@field include_descendants? boolean false: the path and its direct children only

---@class engine.event.Start
---@field since? integer Begin with what came after this `seq`
---@field replay_last? integer Begin with this many events that have been already (at most 1000)

---@class engine.event.Subscribed
---@field next integer `seq` of the first live event
---@field replayed integer
---@field gap boolean Events after `since` are gone

---@class engine.event.Page
---@field events engine.event.Event[]
---@field next integer Give this as `since` to go on
---@field gap boolean Events after `since` are gone

--- A subscription one task reads at its own pace; holds 1024 events, then the oldest go.
---@class engine.event.Listener
local Listener = {}

--- *async* The next event.
---@param timeout? number Seconds; without it, waits for ever
---@return engine.event.Event? event
---@return engine.Error? err `timeout`, `closed`
function Listener:next(timeout) end

--- Whether events after `since` were gone when it began.
---@return boolean
function Listener:gap() end

function Listener:close() end

---@param new engine.event.New
---@return integer? seq
---@return engine.Error? err
function event.publish(new) end

--- Events that have been.
---@param filter? engine.event.Filter
---@param since? integer
---@param limit? integer default 100
---@return engine.event.Page? page
---@return engine.Error? err `invalid_params` naming the member of the filter
function event.read(filter, since, limit) end

--- Sends matching events on a client's connection as notifications
--- `{"method":"event","params":{"sub","seq","event"}}`, until `unsubscribe` or its end.
---@param connection integer `call.connection`
---@param filter? engine.event.Filter
---@param opts? engine.event.Start
---@return integer? sub
---@return engine.event.Subscribed|engine.Error info `invalid_params`, `busy`, `not_found`
function event.subscribe(connection, filter, opts) end

---@param connection integer
---@param sub integer
---@return boolean? existed
---@return engine.Error? err
function event.unsubscribe(connection, sub) end

---@param filter? engine.event.Filter
---@param opts? engine.event.Start
---@return engine.event.Listener? listener
---@return engine.Error? err `invalid_params`
function event.listen(filter, opts) end

return event
