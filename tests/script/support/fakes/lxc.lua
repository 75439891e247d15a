--- engine.lxc for specs: there are no containers, but a host that could have them.
local M = {}

function M.probe()
  return { works = true, cgroup_layout = 'v2', memory_controller = true, problems = {} }
end

return M
