#pragma once

#include "net/unix_address.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine::app {

/// By which way a call came in.
enum class Transport : std::uint8_t { unix_socket, http, https, ws, wss, tls };
/// "unix", "http", "https", "ws", "wss", "tls": as in `call.transport`.
std::string_view transport_name(Transport transport);

/// Name and value.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Unique in the process. Thread-safe.
std::uint64_t next_http_id();

/// The HTTP request a call came in; for WebSockets the one that was upgraded.
struct HttpFacts {
  std::uint64_t id = next_http_id();  ///< tells the calls of one request from a repeated request
  std::string method;
  std::string path;
  HeaderList headers;  ///< names in lower case
  bool secure = false;
  std::optional<std::size_t> body_size = {};  ///< only where a signature covers the body
  std::string body_blake3 = {};               ///< hex; the same
};

/// Who is calling, and through which door. The same for all lines of a connection, or for one HTTP
/// request. Immutable once calls have it; they share it across threads.
struct Caller {
  std::string context;     ///< which handler tree this door serves
  std::string attributes;  ///< JSON object for `call.ctx`; may be empty
  Transport transport = Transport::unix_socket;
  std::string address;                       ///< `127.0.0.1:4711`; empty on Unix sockets
  std::optional<net::PeerCredentials> peer;  ///< on Unix sockets
  std::uint64_t connection = 0;              ///< 0: none
  bool pushes = true;                        ///< lines can be sent to the connection at any time
  std::string locale;                        ///< of `Accept-Language`; empty: not said
  std::unique_ptr<const HttpFacts> http;     ///< null where no HTTP is spoken
};

/// Whether anybody reads what is written to `call.response`.
[[nodiscard]] inline bool has_response_head(const Caller& caller) {
  return caller.transport == Transport::http || caller.transport == Transport::https;
}

}  // namespace engine::app
