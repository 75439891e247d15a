--- Reading a service's log. The container writes the file, so nothing in it is trusted: links are
--- not followed, lines that are not JSON objects are shown as text.
local file = require('engine.file')
local host = require('service.host')
local json = require('engine.json')
local list = require('lib.list')

local M = {}

--- Bytes of the file's end that are looked at for the last lines.
local TAIL = 4 * 1024 * 1024

local function path(id)
  return host.logs_dir(id) .. '/service/service.log'
end

---@class service.logs.Place
---@field inode? integer Of the file read last; none: there was none
---@field position integer Bytes of it that were read

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
---@return service.logs.Place place
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
  return kept, { inode = info and info.inode, position = from + #text }
end

--- Adds the whole lines among the next `most` bytes of a file; returns the place after them. A
--- piece without a line end is a line.
local function read_on(name, position, most, entries)
  local text = file.read_part(name, position, most) or ''
  local whole = complete(text)
  if whole == '' and #text == most then whole = text .. '\n' end
  list.append(entries, entries_of(whole))
  return position + math.min(#whole, #text)
end

--- What was written after a place, and the new place; `missed` when the file was replaced so fast
--- that lines were lost. *async*
---@param id string
---@param place service.logs.Place
---@param most integer Bytes to read
---@return table[] entries
---@return service.logs.Place place
---@return boolean missed
---@async
function M.since(id, place, most)
  local entries, info = json.array({}), file.stat(path(id))
  if not info then return entries, place, false end
  local position, missed = place.position, false
  if place.inode and info.inode ~= place.inode then
    local older = path(id) .. '.1'
    local rotated = file.stat(older)
    missed = not rotated or rotated.inode ~= place.inode
    if not missed and rotated.size > position then
      position = read_on(older, position, most, entries)
      if #entries > 0 then return entries, { inode = place.inode, position = position }, false end
    end
  end
  if info.inode ~= place.inode or info.size < position then position = 0 end
  if info.size > position then position = read_on(path(id), position, most, entries) end
  return entries, { inode = info.inode, position = position }, missed
end

return M
