#pragma once

#include "json/pointer.hh"
#include "store/store.hh"

#include <lua.hpp>

namespace engine::bindings {

/// Makes the class engine.store.Watch (store_watch.cc). [-0, +0]
void define_watch(lua_State* state);

/// Pushes a watch of `scope`. [-0, +1]
void push_watch(lua_State* state, store::Store& store, const json::Pointer& scope);

}  // namespace engine::bindings
