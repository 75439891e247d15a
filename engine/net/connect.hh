#pragma once

#include "base/time.hh"
#include "base/unique_fd.hh"
#include "loop/loop.hh"

#include <filesystem>
#include <string_view>

namespace engine::net {

/// What to do about Errc::permission_denied at a daemon's door.
inline constexpr std::string_view kNotForUs = "run this as root or as the user the daemon runs as";

/// Why connecting to the Unix socket `path` failed with `error_number`; see connect_unix.
Error connect_error(const std::filesystem::path& path, int error_number);

/// One attempt to connect to a Unix socket; does not wait. The descriptor is non-blocking.
///
/// ERRORS: Errc::daemon_not_running (nothing there, or nobody listens), Errc::permission_denied,
/// Errc::busy (the listener's queue is full: try again), Errc::network.
Result<UniqueFd> connect_unix(const std::filesystem::path& path);

struct ConnectOptions {
  Milliseconds timeout{5'000};   ///< for a full queue, and for `wait`
  bool wait_for_socket = false;  ///< go on trying while there is nothing to connect to
};

/// Connects, trying again as the options say. ERRORS: those of the last attempt, Errc::timeout when
/// that was busy.
void connect_unix(loop::Loop& loop,
                  std::filesystem::path path,
                  ConnectOptions options,
                  Completion<UniqueFd> done);

}  // namespace engine::net
