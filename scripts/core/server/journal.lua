--- The daemon's log file, page by page. Entries are {timestamp, level, target, message, fields?}; a
--- cursor is the place in the file where an entry begins.
local file = require('engine.file')
local json = require('engine.json')
local problem_of = require('lib.rpc.problem')

local M = {}

--- Bytes looked at in one step, and in all: older lines are in the file alone.
local STEP, MOST = 256 * 1024, 16 * 1024 * 1024

local RANK = { trace = 1, debug = 2, info = 3, warn = 4, error = 5 }

local KNOWN = { time = true, level = true, target = true, message = true, instance = true,
  boot = true }

local function parse(text, at)
  local entry = json.decode(text)
  if type(entry) ~= 'table' or type(entry.message) ~= 'string' then
    entry = { message = text }
  end
  local fields
  for key, value in pairs(entry) do
    if not KNOWN[key] then
      fields = fields or {}
      fields[key] = value
    end
  end
  return { timestamp = entry.time, level = entry.level or 'info', target = entry.target or '',
    message = entry.message, fields = fields, cursor = ('%d'):format(at),
    bootId = entry.boot }
end

local function has_prefix(list, name)
  for _, wanted in ipairs(list) do
    if name == wanted or name:sub(1, #wanted + 1) == wanted .. '.' then return true end
  end
  return false
end

--- Whether an entry is wanted, as a function.
---@param wanted core.server.LogsParams
---@return fun(entry: table): boolean
function M.matcher(wanted)
  local least = RANK[wanted.level] or 0
  local targets, packages = wanted.target, {}
  for i, id in ipairs(wanted.package or {}) do
    packages[i] = 'service.' .. id
  end
  local since = wanted.since and os.date('!%Y-%m-%dT%H:%M:%S', os.time() - wanted.since)
  return function(entry)
    if (RANK[entry.level] or 3) < least then return false end
    if wanted.boot and entry.bootId ~= wanted.boot then return false end
    if targets and #targets > 0 and not has_prefix(targets, entry.target) then return false end
    if #packages > 0 and not has_prefix(packages, entry.target) then return false end
    return not since or (entry.timestamp or '') >= since
  end
end

--- The entries whose lines lie whole within `text`, which begins at `at` in the file; the first
--- line counts only if it is one from its beginning.
local function entries_of(text, at, whole, matches)
  local entries = {}
  local begin = whole and 1 or (text:find('\n', 1, true) or #text) + 1
  local stop = text:find('\n', begin, true)
  while stop do
    if stop > begin then
      local entry = parse(text:sub(begin, stop - 1), at + begin - 1)
      if matches(entry) then entries[#entries + 1] = entry end
    end
    begin = stop + 1
    stop = text:find('\n', begin, true)
  end
  return entries, begin
end

local function keep_last(entries, limit)
  local kept = json.array({})
  for i = math.max(1, #entries - limit + 1), #entries do
    kept[#kept + 1] = entries[i]
  end
  return kept
end

--- The last entries before `to`. A longer and longer piece of the file is looked at.
local function backwards(path, to, limit, matches)
  local size = STEP
  while true do
    local from = math.max(0, to - size)
    local text, err = file.read_part(path, from, to - from)
    if not text then return nil, err end
    local entries = entries_of(text, from, from == 0, matches)
    if #entries >= limit or from == 0 or size >= MOST then return keep_last(entries, limit) end
    size = size * 4
  end
end

--- The first entries from `from` on, and the place behind them.
local function forwards(path, from, limit, matches)
  local text, err = file.read_part(path, from, MOST)
  if not text then return nil, err end
  local entries, after = entries_of(text, from, true, matches)
  local kept = json.array({})
  for i = 1, math.min(limit, #entries) do
    kept[i] = entries[i]
  end
  local rest = entries[limit + 1]
  local behind = rest and rest.cursor or ('%d'):format(from + after - 1)
  return kept, nil, behind
end

--- The id of a boot: itself, or 0 for this one, -1 for the one before it that wrote into the log.
local function boot_of(path, size, said)
  local back = tonumber(said)
  if not back or #said == 32 then return (said:gsub('-', '')) end
  local from = math.max(0, size - MOST)
  local text, err = file.read_part(path, from, size - from)
  if not text then return nil, err end
  local boots, seen = {}, {}
  for id in text:gmatch('"boot":"(%x+)"') do
    if not seen[id] then
      boots[#boots + 1], seen[id] = id, true
    end
  end
  local found = back <= 0 and boots[#boots + back]
  if found then return found end
  return nil, { code = 'not_found',
    message = ('no boot %s in the log, it has %d'):format(said, #boots),
    hint = '0 is this boot, -1 the one before' }
end

---@class core.server.LogsParams
---@field limit integer
---@field cursor? string
---@field before? boolean With a cursor: what was before it
---@field level? string
---@field target? string[]
---@field package? string[]
---@field since? number Seconds ago
---@field boot? string An id, or 0, -1, … counted back from this boot

--- *async* A page of the log: {entries, startCursor?, endCursor}; without a cursor, the last.
---@param path string
---@param wanted core.server.LogsParams
---@return table? page
---@return table? err
---@async
function M.read(path, wanted)
  local info = file.stat(path)
  local size = info and info.size or 0
  local cursor = wanted.cursor and tonumber(wanted.cursor)
  if wanted.cursor and (not cursor or cursor < 0 or cursor > size or cursor % 1 ~= 0) then
    return nil, problem_of.invalid({ { path = '.cursor', message = 'no place in the log',
      hint = 'the log may have been rotated: begin without a cursor' } }, 'params')
  end
  if size == 0 then return { entries = json.array({}), endCursor = '0' } end
  local boot, failure
  if wanted.boot then
    boot, failure = boot_of(path, size, wanted.boot)
    if not boot then return nil, failure end
  end
  local matches = M.matcher({ level = wanted.level, target = wanted.target,
    package = wanted.package, since = wanted.since, boot = boot })
  local entries, err, behind
  if cursor and not wanted.before then
    entries, err, behind = forwards(path, cursor, wanted.limit, matches)
  else
    entries, err = backwards(path, cursor or size, wanted.limit, matches)
    behind = ('%d'):format(cursor or size)
  end
  if not entries then return nil, err end
  return { entries = entries, startCursor = entries[1] and entries[1].cursor, endCursor = behind }
end

return M
