#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "event/log_ring.hh"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace engine::app {

/// Bounds of what peers may send; docs/rpc.md has the table. 0 seconds mean for ever.
struct WireLimits {
  std::size_t message = 16UL << 20U;       ///< bytes of a line, an HTTP body, a WebSocket message
  std::size_t nesting = 192;               ///< levels of one message
  std::size_t batch = 1'000;               ///< calls of one batch
  std::size_t batch_answer = 64UL << 20U;  ///< bytes of a batch's answers; then no more is begun
  std::size_t in_flight = 64;              ///< of a connection: messages, and calls of each batch
  std::size_t header = 16UL << 10U;        ///< bytes of an HTTP request's line and headers
  std::size_t connections = 1'024;         ///< at once, of the Unix socket
  std::size_t remote_connections = 1'024;  ///< at once, of all TCP ports
  std::size_t per_address = 256;           ///< of those, from one address (IPv6: network)
  double idle = 0;                         ///< seconds of a line connection with nothing going on
  double keep_alive = 75;                  ///< seconds between two HTTP requests
  double handshake = 10;                   ///< seconds of a TLS handshake, and of HTTP headers
  std::size_t min_rate = 512;              ///< bytes a second of a line, body or message; 0: any
  double stranger = 60;         ///< seconds a WebSocket or TLS line of a stranger may be idle
  double stalled = 10;          ///< seconds without a byte inside a line
  double push = 30;             ///< seconds events wait and a line connection takes not a byte
  std::size_t waiting = 1'024;  ///< calls that wait for a thread of the blocking pool
  std::size_t spin = 0;         ///< microseconds to poll after work before sleeping
};

/// As the engine counts time.
inline Milliseconds milliseconds(double seconds) {
  return Milliseconds(static_cast<std::int64_t>(seconds * 1'000));
}

/// cores − 1, at least 1, at most 4 (design, section 3).
std::size_t default_workers();

/// What an operator may set, on the command line or in `{data}/config`. Value type.
struct Settings {
  std::vector<std::string> http;  ///< ADDR:PORT of each listener
  std::vector<std::string> https;
  std::vector<std::string> tls_lines;
  std::size_t workers = default_workers();
  std::string log_level = "info";
  std::size_t script_memory = 256;  ///< MiB a VM may hold
  std::size_t kept_events = event::RingLimits{}.events;
  std::size_t kept_lines = event::kLogLimits.events;  ///< of the log, besides its files
  double snapshot_age = 60;       ///< seconds until a snapshot of the store is ended
  bool multi_arch_s9pks = false;  ///< installations keep the images of all architectures
  WireLimits limits;
};

/// Declares one option for each setting, bound to `settings`.
void add_settings(CLI::App& app, Settings& settings);

/// Reads `file` into `settings`; it need not exist. A setting that `given` (the parsed command
/// line) names is left as it is there. One `name = value` a line, the names those of the options
/// without dashes; `#` begins a comment; lists are `["a", "b"]` or several lines.
///
/// ERRORS: Errc::usage naming file and line; Errc::filesystem and its like.
Result<> read_config(const std::filesystem::path& file, const CLI::App& given, Settings& settings);

}  // namespace engine::app
