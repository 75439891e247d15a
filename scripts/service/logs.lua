--- Reading a service's log. The container writes the file, so nothing in it is trusted: links are
--- not followed, lines that are not JSON objects are shown as text.
local file = require('engine.file')
local host = require('service.host')
local json = require('engine.json')

local M = {}

--- Bytes of the file's end that are looked at for the last lines.
local TAIL = 4 * 1024 * 1024

local function path(id)
  return host.logs_dir(id) .. '/service/service.log'
end

local function parse(line)
  local entry = json.decode(line)
  if type(entry) == 'table' and type(entry.message) == 'string' then
    return entry
  end
  return { message = line }
end

local function entries_of(text)
  local entries = json.array({})
  for line in text:gmatch('([^\n]+)\n') do
    entries[#entries + 1] = parse(line)
  end
  return entries
end

--- Up to the last line end; the rest is a line being written.
local function complete(text)
  return text:match('^.*\n') or ''
end

--- The last lines, and the place after them. *async*
---@param id string
---@param limit integer
---@return table[] entries
---@return integer position
function M.last(id, limit)
  local info = file.stat(path(id))
  local size = info and info.size or 0
  local from = math.max(0, size - TAIL)
  local text = complete(file.read_part(path(id), from, TAIL) or '')
  local entries = entries_of(from > 0 and text:gsub('^[^\n]*\n', '', 1) or text)
  local kept = json.array({})
  for i = math.max(1, #entries - limit + 1), #entries do
    kept[#kept + 1] = entries[i]
  end
  return kept, from + #text
end

--- What was written after `position`, and the new place. A file that is shorter was rotated.
--- *async*
function M.since(id, position)
  local info = file.stat(path(id))
  if not info or info.size < position then
    position = 0
  end
  local text = info and info.size > position and file.read_part(path(id), position, TAIL) or ''
  text = complete(text)
  return entries_of(text), position + #text
end

return M
