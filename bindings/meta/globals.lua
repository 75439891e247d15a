--- What scripts have beside LuaJIT's own globals. Of `debug` there are `traceback` and `place`.
---@meta

--- Where a function of the stack is now: `debug.getinfo(level, 'Sl')` without a table.
---
---@param level integer 1: the function that calls this
---@return string? file As tracebacks name it: `core/echo.lua`; `[C]` of a function in C; nil beyond
---   the outermost
---@return integer? line -1 of a function in C
function debug.place(level) end
