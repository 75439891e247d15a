#pragma once

#include <lua.hpp>

namespace engine::bindings {

/// Makes the classes engine.store.Mutation and engine.store.Exclusive (store_change.cc). [-0, +0]
void define_changes(lua_State* state);

/// Adds `mutate`, `put`, `apply`, `revert` and `flush` to the module on top. [-0, +0]
void add_changes(lua_State* state);

}  // namespace engine::bindings
