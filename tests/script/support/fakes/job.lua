--- engine.job with the jobs a spec puts into `M.jobs`.
local M = { jobs = {}, cancelled = {} }

local function gone() return nil, { code = 'not_found', message = 'no such job' } end

function M.list() return M.jobs end

function M.get(id)
  for _, job in ipairs(M.jobs) do
    if job.id == id then return job end
  end
  return gone()
end

M.wait = M.get

function M.cancel(id)
  if not M.get(id) then return gone() end
  M.cancelled[#M.cancelled + 1] = id
  return true
end

return M
