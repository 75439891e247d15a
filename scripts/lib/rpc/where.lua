--- Where a declaration stands: file and line of the script that called into `lib.rpc`.
---
--- A call in tail position (the last of `return rpc.parent():…:subcommand(…)`) leaves no frame
--- behind: then the nearest frame is another file, and `near` falls back to where the node was
--- made.
local M = {}

---@class lib.rpc.Where
---@field file string As tracebacks name it: `core/echo.lua`
---@field line integer

-- Asked for at every step of every declaration: `debug.getinfo`, which other hosts have, makes a
-- table each time.
local place = debug.place or function(level)
  local info = debug.getinfo(level + 1, 'Sl')
  if info then return info.short_src, info.currentline end
end

local function is_toolkit(file)
  return file:find('lib/rpc/[%w_]+%.lua$') ~= nil and not file:find('_spec%.lua$')
end

--- By file: whether a declaration may stand there. Not in the toolkit, C or the engine's own Lua.
local may_stand_in = setmetatable({}, { __index = function(known, file)
  local may = not (file:find('^%[') or file:find('^engine%.') or is_toolkit(file))
  known[file] = may
  return may
end })

--- The first frame outside the toolkit.
---@return lib.rpc.Where?
function M.here()
  local level = 2
  local file, line = place(level)
  while file and not (may_stand_in[file] and line > 0) do
    level = level + 1
    file, line = place(level)
  end
  return file and { file = file, line = line }
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
