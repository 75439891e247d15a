#pragma once

#include "client/client.hh"
#include "script/ref.hh"

#include <lua.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace engine::bindings {

/// A client as a script sees it.
struct ClientConnection {
  static constexpr const char* kLuaName = "engine.client.Connection";

  struct Listener {
    std::uint64_t id = 0;
    std::shared_ptr<script::Ref> function;
  };
  std::filesystem::path socket;
  std::unique_ptr<client::Client> client;
  std::vector<Listener> listeners;
  std::uint64_t last_listener = 0;
};

/// Defines the class engine.client.Events.
void open_client_events(lua_State* state);

/// conn:events(filter?, opts?) → events | nil, err
Result<int> client_events(lua_State* state);

}  // namespace engine::bindings
