--- The shape of every long operation: phases that report, a job that keeps what they reported.
local job = require('engine.job')
local log = require('engine.log')
local loop = require('engine.loop')

local M = {}

--- Raises an expected failure, so that a long procedure reads straight down.
function M.check(value, err)
  if value == nil and err ~= nil then
    error(err, 0)
  end
  return value
end

--- Turns whatever was raised into an error table.
local function as_error(raised)
  if type(raised) == 'table' and raised.code then
    return raised
  end
  return { code = 'internal', message = tostring(raised) }
end

--- Reports become the job's progress tree: finished phases are true, the running one has a measure
--- or false.
local function reporter(handle)
  local phases = {}
  local report = {}
  return setmetatable(report, {
    __call = function(_, name, done, total, units)
      local last = phases[#phases]
      if not last or last.name ~= name then
        if last then
          last.progress = true
        end
        last = { name = name }
        phases[#phases + 1] = last
      end
      last.progress = total and { done = done, total = total, units = units } or false
      local tree = { overall = false, phases = phases }
      handle:progress(tree)
      if report.on_tree then
        report.on_tree(tree)
      end
    end,
  })
end

--- Starts `work(report)` as a job on the control loop and returns at once.
---@param about { kind: string, target?: string, title?: string }
---@param work fun(report: function): any raises what goes wrong
---@return { jobId: string }
function M.start(about, work)
  local handle = job.create(about)
  loop.spawn(function()
    local ok, result = pcall(work, reporter(handle))
    if ok then
      handle:finish(result)
    else
      local err = as_error(result)
      log.error('job', ('%s failed: %s'):format(about.kind, err.message), { job = handle:id() })
      handle:fail(err)
    end
  end, { name = about.kind .. ' ' .. (about.target or '') })
  return { jobId = handle:id() }
end

return M
