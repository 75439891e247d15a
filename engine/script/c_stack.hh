#pragma once

#include <lua.hpp>

namespace engine::script {

/// Raises `stack overflow` when more than half of the calling thread's own stack is in use. Lua
/// counts the slots of its stack, not what C functions that call back into Lua take of the
/// thread's; beyond its end is a segmentation fault. The other half is for what recurses
/// unchecked (`string.format` and `__tostring`): one Lua stack's worth of it fits.
void check_c_stack(lua_State* state);

/// Puts the check before those library functions by which scripts can recurse through C:
/// `string.gsub`, `table.sort`, `coroutine.resume` and what `coroutine.wrap` returns.
void bound_c_stack(lua_State* state);

}  // namespace engine::script
