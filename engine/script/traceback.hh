#pragma once

#include <lua.hpp>

#include <string>

namespace engine::script {

/// The Lua frames of `state` (a coroutine that has failed keeps its own), innermost first, one a
/// line: "core/echo.lua:12: in function 'start'", the first followed by its source line ("  > …").
/// Engine frames are left out: authors see their files. Pushes nothing and never raises.
std::string traceback(lua_State* state, int level);

/// The same for the error value at the top of the stack. A coroutine that died of an error which no
/// function raised (nil was indexed) no longer knows the line of its innermost frame; the message,
/// which begins with it, does.
std::string traceback_of_error(lua_State* state, int level);

/// "core/echo.lua:12" of the innermost Lua frame from `level` up, or "".
std::string where(lua_State* state, int level);

}  // namespace engine::script
