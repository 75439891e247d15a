--- Printing events in the CLI as they come, until the reader has enough: an interrupt or a closed
--- pipe is no failure, a restart of the daemon neither.
local json = require('engine.json')
local line = require('core.event.line')
local loop = require('engine.loop')
local term = require('engine.term')

local M = {}

local function as_data(format) return format ~= nil and format ~= 'table' end

--- Prints one event; false when nobody reads it any more.
---@param call table The call of a CLI handler
---@param event table
---@param write fun(event: table): string A line for people
---@return boolean? written
function M.print(call, event, write)
  if as_data(call.format) then return call.out:line(json.encode(event)) end
  return call.out:line(write(event))
end

local function mark(call, event)
  if as_data(call.format) then return call.out:line(json.encode(event)) end
  if event.type == 'lagged' then
    return call.out:line(('-- %d events are missing here --'):format(event.dropped or 0))
  end
  return call.out:line(line.GAP)
end

--- What a daemon that goes or comes says to a subscriber it had.
local PASSING = {
  uninitialized = true, shutting_down = true, method_not_found = true, not_found = true,
  connection_lost = true, daemon_not_running = true,
}

--- Seconds until the next try to subscribe again.
local PAUSE = 0.2

local function print_one(call, event, write)
  local special = event.seq == nil and (event.type == 'gap' or event.type == 'lagged')
  if special then return mark(call, event) end
  return M.print(call, event, write)
end

--- Prints what one subscription gives: why it ended, and the number of the last event.
local function print_all(call, events, write, last)
  while true do
    local event, ended = events:next()
    if not event then return ended, last end
    last = event.seq or last
    if not print_one(call, event, write) then return { code = 'cancelled' }, last end
  end
end

--- Prints what comes. *async*
---@param call table The call of a CLI handler
---@param filter table Of `event.subscribe`, with its channel
---@param options {replay_last?: integer, since_seq?: integer, write: fun(event: table): string}
---@return nil
---@return table? err
---@async
function M.follow(call, filter, options)
  local connection, err = call.ctx.connect()
  if not connection then return nil, err end
  term.end_with_reader()
  local start = { replay_last = options.replay_last, since_seq = options.since_seq }
  local ended, last
  repeat
    local events
    events, ended = connection:events(filter, start)
    if events then ended, last = print_all(call, events, options.write, last) end
    local again = last and PASSING[ended.code] and loop.sleep(PAUSE)
    start = { since_seq = last }
  until not again
  connection:close()
  if ended.code == 'cancelled' then return nil end
  return nil, ended
end

return M
