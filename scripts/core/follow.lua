--- Following a job from the CLI: waits for its end on the daemon and shows its progress meanwhile.
local display = require('lib.display')
local null = require('lib.null')
local progress = require('lib.progress')

local M = {}

-- Seconds; the daemon answers when the job ends, whatever it takes.
M.DEADLINE = 86400

local BAR = 24

local function current_phase(tree)
  local name
  for _, line in ipairs(progress.lines(tree)) do
    local running = line.progress ~= nil and not null.is_null(line.progress)
    if running and not progress.is_complete(line.progress) then name = line.name end
  end
  return name
end

--- One line for a job: `Install hello-world [####····]  50%  Unpacking`.
---@param job engine.job.Snapshot
---@return string
function M.line(job)
  local title = job.title or ((job.kind or 'job') .. ' ' .. (job.target or ''))
  local tree = job.progress
  local measured = type(tree) == 'table' or tree == true
  local phase = type(tree) == 'table' and current_phase(tree)
  local line = title .. ' ' .. display.bar(measured and progress.ratio(tree) or nil, BAR)
  return phase and line .. '  ' .. phase or line
end

--- The error a job ended with, as one of this program's.
---@param job engine.job.Snapshot
---@return table err
function M.failure(job)
  local err = type(job.error) == 'table' and job.error or {}
  return { code = err.kind or (job.state == 'cancelled' and 'cancelled') or 'unknown',
    message = err.message or ('the job was %s'):format(job.state), hint = err.hint,
    details = err.info }
end

--- Waits until a job has ended; its progress is one changing line. *async*
---@param call table The call of a CLI handler
---@param id string
---@return engine.job.Snapshot? job
---@return table? err What the job failed with, or why it cannot be followed
---@async
function M.job(call, id)
  local show = call.ctx.progress or function() end
  local job, err = call.ctx.remote('job.wait', { id = id, progress = true }, {
    timeout = M.DEADLINE,
    read_only = true,
    on_event = function(params)
      local event = params.event
      if event and event.type == 'job' and event.job == id and type(event.data) == 'table' then
        show(M.line(event.data))
      end
    end,
  })
  show(nil)
  if not job then return nil, err end
  if job.state ~= 'succeeded' then return nil, M.failure(job) end
  return job
end

return M
