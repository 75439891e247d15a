--- Puts what a service writes into the channel `logs`, line by line, as it comes.
---
--- The place that was reached is kept in a file, so that after a reload or a restart of the daemon
--- the next feed goes on there: no line is lost, none comes twice.
local entry = require('service.entry')
local event = require('engine.event')
local file = require('engine.file')
local host = require('service.host')
local json = require('engine.json')
local logs = require('service.logs')
local loop = require('engine.loop')

local Feed = {}
Feed.__index = Feed

local M = {}

--- Seconds between looks at the file, and bytes of one look: what the control loop does at once.
local LOOK, PIECE = 0.25, 64 * 1024

local LEVELS = { trace = 'trace', debug = 'debug', info = 'info', warn = 'warn', error = 'error' }

--- What the container says may be anything.
local function text_of(value)
  return type(value) == 'string' and value:sub(1, 256) or nil
end

local function publish(id, line)
  local daemon = text_of(line.daemon)
  local target = 'service.' .. id
  if daemon then target = target .. '.' .. daemon:gsub('[^%w_-]', '_') end
  event.line(target, line.message, LEVELS[line.level] or 'info', {
    stream = text_of(line.stream), subcontainer = text_of(line.subcontainer),
    time = text_of(line.time),
  })
end


--- Where the last feed stopped; without one, at the end of what is there.
function Feed:resume()
  local kept = json.decode(file.read(host.fed_file(self.id)) or '')
  if type(kept) == 'table' and type(kept.position) == 'number' then return kept end
  local _, place = logs.last(self.id, 0)
  return place
end

--- Takes one piece; false when there was nothing new.
function Feed:look()
  local lines, place, missed = logs.since(self.id, self.place, PIECE)
  if missed then
    event.line('service.' .. self.id, 'lines of the service are missing here', 'warn')
  end
  for _, line in ipairs(lines) do
    publish(self.id, line)
  end
  local moved = place.inode ~= self.place.inode or place.position ~= self.place.position
  self.place = place
  -- Uninstalled meanwhile: nothing of it may be left.
  if moved and entry.get(self.id) then
    file.write(host.fed_file(self.id), json.encode(place), 384)  -- 0600
  end
  return moved
end

function Feed:run()
  self.place = self:resume()
  repeat
    local ended = self.ended
    while self:look() do
      loop.sleep(0)
    end
    if not ended then self.wake:receive(LOOK) end
  until ended
end

--- Ends it after one last look. *async*
function Feed:close()
  self.ended = true
  self.wake:send('close')
  self.task:join()
end

--- Begins to feed the lines of a package. *async*
---@param id string
function M.open(id)
  local self = setmetatable({ id = id, ended = false, wake = loop.channel(1) }, Feed)
  self.task = loop.spawn(function() self:run() end, { name = 'log feed ' .. id })
  return self
end

return M
