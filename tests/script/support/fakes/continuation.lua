--- engine.continuation that keeps what was ended: `M.killed`.
local M = { killed = {} }

function M.kill_session(id)
  M.killed[#M.killed + 1] = id
  return 0
end

return M
