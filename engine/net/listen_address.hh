#pragma once

#include "base/result.hh"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::net {

/// Where a TCP listener listens. Value type.
struct ListenAddress {
  sockaddr_storage address = {};
  socklen_t size = 0;

  [[nodiscard]] std::uint16_t port() const;
  /// `127.0.0.1:8080` or `[::1]:8080`.
  [[nodiscard]] std::string text() const;
};

/// Reads `127.0.0.1:8080` or `[::1]:8080`; port 0 lets the kernel choose. No names: where a daemon
/// listens must not depend on a resolver. ERRORS: Errc::usage.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace engine::net
