#pragma once

#include "base/result.hh"
#include "store/store.hh"

#include <lua.hpp>

namespace engine::bindings {

/// The store of this program; raises where there is none (store.cc).
store::Store& store_of(lua_State* state);

// Functions of engine.store (store_log.cc).

/// history(query?) → revision[] | nil, err   *async*
Result<int> store_history(lua_State* state);
/// history_id() → string
int store_history_id(lua_State* state);
/// schema() → table | nil, err?
Result<int> store_schema(lua_State* state);
/// stats() → table | nil, err
Result<int> store_stats(lua_State* state);

}  // namespace engine::bindings
