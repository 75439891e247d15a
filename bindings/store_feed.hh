#pragma once

#include "json/pointer.hh"
#include "store/feeds.hh"

#include <lua.hpp>

#include <optional>

namespace engine::bindings {

/// Makes the class engine.store.Feed (store_feed.cc). [-0, +0]
void define_feed(lua_State* state);

/// Pushes a feed of `scope` and what it begins with. [-0, +2]
Result<int> push_feed(lua_State* state,
                      store::Feeds& feeds,
                      const json::Pointer& scope,
                      std::optional<store::RevisionId> since);

}  // namespace engine::bindings
