#pragma once

#include "event/ring.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace engine::event {

/// Subscriptions that belong to client connections: what `engine.event` needs of the program.
class ConnectionSinks {
 public:
  virtual ~ConnectionSinks() = default;
  /// Sends matching events on the connection as notifications, from now on. The result's `id` is
  /// the `sub` of the notifications. ERRORS: Errc::not_found, Errc::busy (too many).
  virtual Result<Ring::Subscribed> subscribe(std::uint64_t connection,
                                             Filter filter,
                                             Start start) = 0;
  /// False when the connection has no such subscription.
  virtual bool unsubscribe(std::uint64_t connection, std::uint64_t subscription) = 0;
};

/// ConnectionSinks over a function that pushes one line on a connection. Resource type,
/// thread-safe. Lines are {"jsonrpc":"2.0","method":"event","params":{"sub","seq","event"}}.
class PushingSinks final : public ConnectionSinks {
 public:
  using Push = std::function<void(std::uint64_t connection, std::shared_ptr<const std::string>)>;
  static constexpr std::size_t kMostPerConnection = 64;

  /// `push` is called with the ring locked, on any thread. `ring` outlives this.
  PushingSinks(Ring& ring, Push push) : ring_(ring), push_(std::move(push)) {}
  PushingSinks(const PushingSinks&) = delete;
  PushingSinks& operator=(const PushingSinks&) = delete;
  ~PushingSinks() override;

  Result<Ring::Subscribed> subscribe(std::uint64_t connection, Filter filter, Start start) override;
  bool unsubscribe(std::uint64_t connection, std::uint64_t subscription) override;
  /// Ends all subscriptions of a connection that closed.
  void drop(std::uint64_t connection);

  /// The notification for a connection that read too slowly:
  /// {"jsonrpc":"2.0","method":"lagged","params":{"dropped"}}.
  static std::string lagged_line(std::size_t dropped);

 private:
  Ring& ring_;
  Push push_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> by_connection_;
};

}  // namespace engine::event
