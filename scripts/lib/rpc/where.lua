--- Where a declaration stands: file and line of the script that called into `lib.rpc`.
---
--- Scripts have `debug.traceback` only, so its text is read; `debug.getinfo` is not needed. A call
--- in tail position (the last of `return rpc.parent():…:subcommand(…)`) leaves no frame behind:
--- then the nearest frame is another file, and `near` falls back to where the node was made.
local M = {}

---@class lib.rpc.Where
---@field file string As tracebacks name it: `core/echo.lua`
---@field line integer

local function is_toolkit(file)
  return file:find('lib/rpc/[%w_]+%.lua$') ~= nil and not file:find('_spec%.lua$')
end

--- The first frame outside the toolkit.
---@return lib.rpc.Where?
function M.here()
  for frame in debug.traceback():gmatch('[^\n]+') do
    local file, line = frame:match('^%s*([^%[%s].-):(%d+):')
    if file and not is_toolkit(file) then return { file = file, line = tonumber(line) } end
  end
  return nil
end

--- The present position if it lies in the same file as `origin`, else `origin`.
---@param origin lib.rpc.Where
---@return lib.rpc.Where
function M.near(origin)
  local here = M.here()
  if here and here.file == origin.file then return here end
  return origin
end

M.UNKNOWN = { file = '?', line = 0 }

return M
