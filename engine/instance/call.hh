#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "json/value.hh"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace engine::instance {

/// One JSON-RPC call over the daemon's socket on a connection of its own; blocks the thread. For
/// programs that must speak with a daemon before (or without) having a loop.
/// ERRORS: Errc::daemon_not_running when nobody listens; Errc::permission_denied;
/// Errc::timeout; Errc::connection_lost; the kind the daemon answered with.
Result<json::Value> call(const std::filesystem::path& socket,
                         std::string_view method,
                         const json::Value& params,
                         Milliseconds timeout);

enum class Presence : std::uint8_t {
  absent,    ///< nobody answers
  starting,  ///< a daemon that serves nothing yet
  serving,
};
/// Who answers on the socket, if only with an error.
Presence presence(const std::filesystem::path& socket, Milliseconds timeout);

}  // namespace engine::instance
