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

--- How far the whole is: phases count alike, the running one by its measure.
local function overall(phases, expected)
  local running = phases[#phases].progress
  local part = running and running.total > 0 and running.done / running.total or 0
  return { done = #phases - 1 + part, total = math.max(expected, #phases), units = 'steps' }
end

--- Reports become the job's progress tree: finished phases are true, the running one has a measure
--- or false.
local function reporter(handle, expected)
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
      local tree = { overall = overall(phases, expected), phases = phases }
      handle:progress(tree)
      if report.on_tree then
        report.on_tree(tree)
      end
    end,
  })
end

--- Starts `work(report)` as a job on the control loop and returns at once. *async*
---@param about { kind: string, target?: string, title?: string, phases?: integer } `phases`: how
--- many are to come, as far as one knows
---@param work fun(report: function): any raises what goes wrong
---@return { jobId: string }? begun
---@return table? err
---@async
function M.start(about, work)
  local expected = about.phases or 1
  local handle, refused = job.create({ kind = about.kind, target = about.target,
    title = about.title })
  if not handle then return nil, refused end
  loop.spawn(function()
    local ok, result = pcall(work, reporter(handle, expected))
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
