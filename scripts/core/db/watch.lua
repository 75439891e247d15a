--- `moon-cli db watch [POINTER]`: a part of the document as it changes. Each operation is a line,
--- coloured on a terminal; with `--format json` each update is one.
local json = require('engine.json')
local loop = require('engine.loop')
local patch = require('lib.patch')
local rpc = require('lib.rpc')
local term = require('engine.term')
local text = require('lib.text')
local t = rpc.types

--- Seconds until the next try to subscribe again.
local PAUSE = 0.2

--- What a daemon that goes or comes says to a reader it had.
local PASSING = {
  uninitialized = true, shutting_down = true, method_not_found = true, not_found = true,
  connection_lost = true, daemon_not_running = true, closed = true, network = true, timeout = true,
}

local COLORS = { add = '\27[32m', remove = '\27[31m', replace = '\27[33m', note = '\27[2m' }
local MARKS = { add = '+', remove = '-', replace = '~' }

---@class core.db.Watcher
---@field call table
---@field at string Pointer
---@field left integer? Updates until the end
---@field id integer? The newest revision that was told
---@field store string?
---@field value any The part as it is now
local Watcher = {}
Watcher.__index = Watcher

local function as_data(call) return call.format ~= nil and call.format ~= 'table' end

function Watcher:line(kind, words)
  local out = self.call.out
  if not out.color then return out:line(words) end
  local shown = out.width and text.cut(words, out.width) or words
  return out:line(COLORS[kind] .. shown .. '\27[0m')
end

local function shown(value) return value == nil and '' or json.encode(value) end

function Watcher:tell(operation, before)
  local place = operation.path == '' and '(all)' or operation.path
  local words = ('%d %s %s'):format(self.id, MARKS[operation.op], place)
  if operation.op == 'replace' then
    words = ('%s: %s → %s'):format(words, shown(before), shown(operation.value))
  elseif operation.op == 'add' then
    words = ('%s: %s'):format(words, shown(operation.value))
  else
    words = ('%s (was %s)'):format(words, shown(before))
  end
  return self:line(operation.op, words)
end

--- The whole part: at first, or where the changes since cannot be told.
function Watcher:begin(update)
  local before = self.value
  local first = self.id == nil
  self.id, self.value = update.id, update.value
  if first then
    return self:line('note', ('revision %d: %s'):format(update.id, shown(update.value)))
  end
  return self:tell({ op = 'replace', path = '', value = update.value }, before)
end

--- Prints an update; false when nobody reads any more, or enough were told.
---@param message string
---@return boolean? goes_on
function Watcher:update(message)
  local update, err = json.decode(message)
  if not update then error(err, 0) end
  local written = true
  if as_data(self.call) then
    self.id = update.id
    written = self.call.out:line(message)
  elseif update.patch == nil then
    written = self:begin(update)
  else
    self.id = update.id
    for _, operation in ipairs(update.patch) do
      local before
      self.value, before = patch.apply(self.value, operation)
      written = written and self:tell(operation, before)
    end
  end
  if self.left then self.left = self.left - 1 end
  return written and self.left ~= 0
end

--- Subscribes, from where it was if it was there before. *async*
function Watcher:open()
  local connection, err = self.call.ctx.connect()
  if not connection then return nil, err end
  -- What is printed as it came never becomes a table: `1.0` stays `1.0`.
  local answer, failure = connection:call('db.subscribe',
    { pointer = self.at, since = self.id, store = self.store }, { read_only = true, raw = true })
  local start = answer and answer:parts()
  local socket
  if start then socket, failure = connection:websocket('/ws/rpc/' .. start.guid:decode()) end
  connection:close()
  if not socket then return nil, failure end
  self.store = start.store:decode()
  return socket, start
end

--- Tells what one subscription gives, and how it ended. *async*
function Watcher:follow()
  local socket, start = self:open()
  if not socket then return start end
  local goes_on = true
  for _, update in ipairs(start.revisions and start.revisions:parts() or { start.dump }) do
    goes_on = goes_on and self:update(tostring(update))
  end
  local message, ended
  while goes_on do
    message, ended = socket:receive()
    if not message then break end
    goes_on = self:update(message)
  end
  socket:close()
  return goes_on and ended or nil
end

local function watch(call, params)
  local watcher = setmetatable({ call = call, at = params.pointer, left = params.count }, Watcher)
  while true do
    local ended = watcher:follow()
    -- Who interrupts a watch has seen enough.
    if not ended or watcher.id and term.interrupted() then return nil end
    if watcher.id == nil or not PASSING[ended.code] then return nil, ended end
    loop.sleep(PAUSE)
  end
end

return rpc.from_fn_async(watch)
  :with_params({
    pointer = t.string{ positional = true, default = '/public', max_length = 4096,
      help = 'help.arg.pointer' },
    count = t.optional(t.integer{ short = 'n', min = 1, help = 'help.arg.watch-count' }),
  })
  :with_context('CliContext')
  :no_display()
  :with_about('about.db.watch')
  :with_examples('db watch', "db watch '/public/packageData/*/statusInfo' --format json")
