#pragma once

#include <lua.hpp>

namespace engine::bindings {

/// Adds the functions of engine.crypto that deal in Ed25519 keys to the module on top. [-0, +0]
void add_key_functions(lua_State* state);

}  // namespace engine::bindings
