#pragma once

#include <lua.hpp>

#include <string_view>

namespace engine::script {

/// The module `name` as a script's `require` gives it: an engine module the VM offers, or a file of
/// its snapshot. Raises when it is missing, fails, or takes part in a cycle. [-0, +1]
int require(lua_State* state, std::string_view name);

/// Pushes the VM's table of loaded modules, by name. [-0, +1]
void push_loaded(lua_State* state);

/// Compiles text (never bytecode) under a name as tracebacks show it, "core/echo.lua". Pushes the
/// function, or the message; gives the status of lua_load. [-0, +1]
int load_chunk(lua_State* state, std::string_view source, std::string_view name);

}  // namespace engine::script
