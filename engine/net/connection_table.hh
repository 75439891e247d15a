#pragma once

#include "loop/completion.hh"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::net {

/// One connection as others see it. Value type.
struct ConnectionInfo {
  std::uint64_t id = 0;
  std::string transport = {};     ///< unix, http, https, ws, wss or tls
  std::string address = {};       ///< `127.0.0.1:4711`; empty on Unix sockets
  std::optional<uid_t> uid = {};  ///< of the peer, on Unix sockets
  std::chrono::system_clock::time_point since = std::chrono::system_clock::now();
};

/// The connections of a program and what scripts attach to them. Thread-safe; a service
/// (script/services.hh). Attached values are JSON texts and go away with their connection.
class ConnectionTable {
 public:
  ConnectionTable() = default;
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  /// Enters a connection. `close` begins its end; it is called from any thread, with the table
  /// locked, so it must only hand the wish to the connection's own loop. Not called any more once
  /// `remove` has returned.
  void add(ConnectionInfo info, UniqueFunction<void()> close);
  /// Forgets a connection that has ended and all that was attached to it.
  void remove(std::uint64_t id);

  /// Attaches a value; nullopt takes it away. False: there is no such connection.
  bool put(std::uint64_t id, std::string_view key, std::optional<std::string> json);
  [[nodiscard]] std::optional<std::string> get(std::uint64_t id, std::string_view key) const;
  /// Whether anything is attached: scripts attach to a connection who has been found to use it.
  [[nodiscard]] bool is_known(std::uint64_t id) const;
  /// In the order of their ids.
  [[nodiscard]] std::vector<ConnectionInfo> list() const;
  /// Begins to close a connection. False: there is no such connection.
  bool close(std::uint64_t id);

 private:
  struct Entry {
    ConnectionInfo info;
    UniqueFunction<void()> close;
    std::map<std::string, std::string, std::less<>> values;
  };
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Entry> entries_;
};

}  // namespace engine::net
