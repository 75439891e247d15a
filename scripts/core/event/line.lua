--- An event as a line for people.
local display = require('lib.display')
local follow = require('core.follow')
local names = require('lib.names')
local text = require('lib.text')

local M = {}

M.GAP = '-- events are missing here --'

local function job_line(event)
  local job = event.data
  if job.state == 'running' then return follow.line(job) end
  local target = type(job.target) == 'string' and job.target ~= '' and ' ' .. job.target or ''
  local line = ('%s: %s'):format(job.title or (job.kind or 'job') .. target, job.state or '')
  local why = type(job.error) == 'table' and job.error.message
  return why and ('%s: %s'):format(line, why) or line
end

local function data_line(data)
  if type(data) ~= 'table' then return display.scalar(data) end
  local refused = type(data.error) == 'table' and data.error.message
  if refused then return refused end
  if type(data.message) == 'string' then
    if data.message == '' then return data.title or '' end
    return data.title and ('%s: %s'):format(data.title, data.message) or data.message
  end
  local parts = {}
  for _, key in ipairs(names.sorted_keys(data)) do
    local value = data[key]
    if type(value) ~= 'table' then
      parts[#parts + 1] = ('%s=%s'):format(key, display.scalar(value))
    end
  end
  return table.concat(parts, ' ')
end

local function add_changes(words, changes)
  for _, kind in ipairs({ 'added', 'removed', 'changed' }) do
    for _, what in ipairs(type(changes) == 'table' and changes[kind] or {}) do
      local name = type(what) == 'table' and what.method or what
      words[#words + 1] = ('%s %s'):format(kind, name)
    end
  end
end

local MOST_CHANGES = 8

--- `generation 4, added greet, changed echo`; the files, where no method is another one.
local function reload_line(report)
  local words, changes = { ('generation %d'):format(report.generation or 0) }, {}
  if report.rolledBackFrom then
    words[2] = ('rolled back from %d'):format(report.rolledBackFrom)
  end
  add_changes(changes, type(report.methods) == 'table' and report.methods.RpcContext)
  if #changes == 0 then add_changes(changes, report.files) end
  for i = 1, math.min(#changes, MOST_CHANGES) do
    words[#words + 1] = changes[i]
  end
  if #changes > MOST_CHANGES then
    words[#words + 1] = ('… %d more'):format(#changes - MOST_CHANGES)
  end
  return table.concat(words, ', ')
end

--- What it is about, in a few words.
---@param event engine.event.Event
---@return string
function M.about(event)
  if event.type == 'job' and type(event.data) == 'table' then return job_line(event) end
  if event.type == 'script.reloaded' and type(event.data) == 'table' then
    return text.one_line(reload_line(event.data))
  end
  local parts = {}
  if event.package then parts[#parts + 1] = event.package end
  if event.resource then
    parts[#parts + 1] = ('%s %s'):format(event.resource.type, event.resource.id or '')
  end
  if event.paths then parts[#parts + 1] = table.concat(event.paths, ' ') end
  parts[#parts + 1] = data_line(event.data)
  return text.one_line(table.concat(parts, '  '))
end

--- The line of an event.
---@param event engine.event.Event
---@return string
function M.of(event)
  return ('%s %-5s %s  %s'):format(event.ts or '', event.level or '', event.type or '',
    M.about(event))
end

--- The line of a log line: as the daemon writes it to standard error.
---@param event engine.event.Event
---@return string
function M.log(event)
  local data = type(event.data) == 'table' and event.data or {}
  local parts = { ('%s %-5s %s: %s'):format(event.ts or '', event.level or '', event.target or '',
    data.message or '') }
  local fields = type(data.fields) == 'table' and data.fields or {}
  for _, key in ipairs(names.sorted_keys(fields)) do
    parts[#parts + 1] = ('%s=%s'):format(key, display.scalar(fields[key]))
  end
  return text.lines(table.concat(parts, ' '))
end

return M
