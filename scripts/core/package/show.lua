--- How package commands look.
local display = require('lib.display')
local names = require('lib.names')

local M = {}

function M.list(_params, rows, out)
  if #rows == 0 then
    out:line('no packages are installed')
    return
  end
  out:table({ 'id', 'version', 'status', 'health', 'address', 'title' }, rows)
end

local function of_limit(used, limit)
  if not used then return nil end
  return limit and ('%s of %s'):format(used, limit) or used
end

local function size(bytes) return bytes and display.bytes(bytes) end

local function add_container(entries, container)
  for _, entry in ipairs({
    { 'memory', of_limit(size(container.memory), size(container.memory_limit)) },
    { 'most memory', size(container.memory_peak) },
    { 'processes', of_limit(container.pids, container.pids_limit) },
    { 'PSS of init', size(container.init_pss) },
  }) do
    if entry[2] then entries[#entries + 1] = entry end
  end
  if (container.oom_kills or 0) > 0 then
    entries[#entries + 1] = { 'out of memory',
      ('processes were killed %d times'):format(container.oom_kills) }
  end
end

function M.info(_params, info, out)
  local entries = {
    { 'id', info.id }, { 'title', info.title }, { 'version', info.version },
    { 'status', info.status }, { 'health', info.health }, { 'started', info.started },
    { 'address', info.address }, { 'volumes', info.volumes },
    { 'actions', names.sorted_keys(info.actions or {}) },
    { 'last backup', info.lastBackup }, { 'archive', info.archive },
  }
  if info.container then add_container(entries, info.container) end
  out:block(entries)
  local rows = {}
  for _, id in ipairs(names.sorted_keys(info.checks or {})) do
    local check = info.checks[id]
    rows[#rows + 1] = { check = check.name or id, result = check.result, message = check.message }
  end
  if #rows > 0 then out:table({ 'check', 'result', 'message' }, rows) end
  if info.error then
    out:line('error: ' .. display.scalar(info.error.message))
    if type(info.error.details) == 'table' and info.error.details.file then
      out:line(('   at: %s:%s'):format(info.error.details.file, info.error.details.line))
    end
  end
end

--- `{id, version}` of a job that has ended.
function M.outcome(_params, result, out)
  if type(result) ~= 'table' then return end
  out:line(result.version and ('%s %s'):format(result.id, result.version) or tostring(result.id))
end

return M
