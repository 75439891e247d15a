#pragma once

#include <lua.hpp>

namespace engine::bindings {

/// Adds `channel` to the module table on top (loop.cc). [-0, +0]
void add_channel(lua_State* state);

}  // namespace engine::bindings
