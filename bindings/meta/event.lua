--- What happens in the daemon, as it happens.
---
--- Functions marked *async* yield and must run inside a task.
---@meta engine.event
local event = {}

---@alias engine.event.Level 'trace'|'debug'|'info'|'warn'|'error'

---@alias engine.event.Channel 'events'|'logs' Log lines have a ring of their own

---@class engine.event.New
---@field type string For example `package.state`
---@field level? engine.event.Level default info
---@field target? string The part that speaks, dotted: `service.hello-world`
---@field resource? { type: string, id: string } What it is about
---@field job? string Job id
---@field package? string Package id
---@field paths? string[] What it is about, as slash paths: `/public/packageData/hello-world`
---@field key? string Events of one key tell of one thing as it changes (default: job or resource)
---@field terminal? boolean The last of its key: no reader skips it
---@field data? any

---@class engine.event.Event: engine.event.New
---@field seq integer
---@field ts string RFC 3339
---@field trace? string What its caller named the call that made it
---@field lagged? integer Events lost before this one because the reader was slow

--- Every given field must match; alternatives within one are enough. An event without a filtered
--- field does not match. Names may be written in camel case, too.
---@class engine.event.Filter
---@field type? string|string[] Exact, or `prefix*`
---@field level? engine.event.Level At least this
---@field target? string|string[] Dotted prefix
---@field resource_type? string|string[]
---@field resource_id? string|string[]
---@field job? string|string[]
---@field package? string|string[]
---@field path_scope? string This path and below
---@field include_descendants? boolean false: the path and its direct children only
---@field path_lenient? boolean Events without paths are in every scope

---@alias engine.event.Policy
---| 'drop_oldest' The oldest go; the reader is told how many (default)
---| 'coalesce' Of each key only the newest stays; terminal events are never dropped
---| 'disconnect' The subscription ends, and the connection with it

---@class engine.event.Start
---@field channel? engine.event.Channel
---@field since? integer Begin with what came after this `seq`
---@field replay_last? integer Begin with this many events that have been already (at most 1000)
---@field policy? engine.event.Policy When the reader is too slow
---@field buffer? integer Events that may wait: 64 to 16384, default 1024
---@field max_rate? integer Live events a second, of a connection's subscription; 0: all

---@class engine.event.Subscribed
---@field next integer `seq` of the first live event
---@field replayed integer
---@field gap boolean Events after `since` are gone

---@class engine.event.Page
---@field events engine.event.Event[]
---@field next integer Give this as `since` to go on
---@field gap boolean Events after `since` are gone

--- A subscription one task reads at its own pace; too slow, it loses the oldest.
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

--- Whether a reader with this filter would get such an event.
---@param filter engine.event.Filter?
---@param new engine.event.New
---@return boolean? matches
---@return engine.Error? err `invalid_params`
function event.matches(filter, new) end

--- A line of the channel `logs` that is in no log file of the daemon.
---@param target string `service.hello-world`
---@param message string
---@param level? engine.event.Level default info
---@param fields? table<string, any>
---@return nil
---@return engine.Error? err
function event.line(target, message, level, fields) end

---@class engine.event.ReadOptions
---@field since? integer The first after this `seq`; without it, the last there are
---@field limit? integer default 100
---@field channel? engine.event.Channel

--- Events that have been, oldest first.
---@param filter? engine.event.Filter
---@param opts? engine.event.ReadOptions
---@return engine.event.Page? page
---@return engine.Error? err `invalid_params` naming the member of the filter
function event.read(filter, opts) end

--- What each channel holds: {events, bytes, subscriptions, lastSeq}.
---@return table<engine.event.Channel, table>? counts
---@return engine.Error? err
function event.counts() end

--- Sends matching events on a client's connection as notifications
--- `{"method":"event","params":{"sub","seq","event"}}`, until `unsubscribe` or its end. After a
--- loss, `{"method":"lagged","params":{"sub","dropped","fromSeq","toSeq"}}` comes first.
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
