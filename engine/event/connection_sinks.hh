#pragma once

#include "base/time.hh"
#include "event/ring.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::event {

/// Logs have a ring of their own, so that they cannot displace other events.
enum class Channel : std::uint8_t { events, logs };
/// ERRORS: Errc::invalid_params.
Result<Channel> channel_from_name(std::string_view name);

/// The rings of a program.
struct Channels {
  Ring& events;
  Ring& logs;
  [[nodiscard]] Ring& ring(Channel which) const { return which == Channel::logs ? logs : events; }
};

/// Subscriptions that belong to client connections: what `engine.event` needs of the program.
class ConnectionSinks {
 public:
  struct Made {
    std::uint64_t sub = 0;   ///< of the notifications, and to unsubscribe
    std::uint64_t next = 0;  ///< seq of the first live event
    std::size_t replayed = 0;
    bool gap = false;  ///< events after `since` are gone already
  };
  virtual ~ConnectionSinks() = default;
  /// Sends matching events on the connection as notifications, from now on.
  /// ERRORS: Errc::busy (too many).
  virtual Result<Made> subscribe(std::uint64_t connection,
                                 Channel channel,
                                 Filter filter,
                                 Start start) = 0;
  /// False when the connection has no such subscription.
  virtual bool unsubscribe(std::uint64_t connection, std::uint64_t sub) = 0;
};

/// ConnectionSinks over connections that take lines when they have room. Resource type,
/// thread-safe.
///
/// Lines are {"jsonrpc":"2.0","method":"event","params":{"sub","seq","event"}}; before the event
/// that follows a loss, {"method":"lagged","params":{"sub","dropped","fromSeq","toSeq"}}; after the
/// last, {"method":"end","params":{"sub","reason","dropped","fromSeq","toSeq"}}; the reason is
/// "lagged" (its policy) or "stalled".
class PushingSinks final : public ConnectionSinks {
 public:
  static constexpr std::size_t kMostPerConnection = 64;

  /// Where the lines of one connection go.
  class Outlet {
   public:
    virtual ~Outlet() = default;
    /// Queues the line `head` + `tail`. False: there is no room; `pump` again when there is.
    virtual bool push(std::string_view head, std::string_view tail) = 0;
  };
  enum class Pumped : std::uint8_t {
    idle,  ///< all is written; `wake` will tell of more
    full,  ///< the outlet has no room
    more,  ///< a fair share is written: let others have their turn, then pump again
    over,  ///< a subscription ended because the connection is too slow: close it
  };

  using Wake = std::function<void(std::uint64_t connection)>;
  using WakeLater = std::function<void(std::uint64_t connection, Milliseconds delay)>;

  /// `wake` is called on any thread, with a ring locked, when a connection has something to take:
  /// it should only see to it that `pump` is called on the connection's loop. `wake_later` is
  /// asked, on the connection's loop, to do the same after a while: its readers have had what they
  /// want in a second.
  PushingSinks(Channels channels, Wake wake, WakeLater wake_later)
      : channels_(channels), wake_(std::move(wake)), wake_later_(std::move(wake_later)) {}
  PushingSinks(const PushingSinks&) = delete;
  PushingSinks& operator=(const PushingSinks&) = delete;
  ~PushingSinks() override;

  Result<Made> subscribe(std::uint64_t connection,
                         Channel channel,
                         Filter filter,
                         Start start) override;
  bool unsubscribe(std::uint64_t connection, std::uint64_t sub) override;
  /// Hands the outlet what waits for the connection. On the connection's loop.
  Pumped pump(std::uint64_t connection, Outlet& outlet);
  /// The connection has taken nothing for too long. Nothing is written to it any more but, when it
  /// takes something again, how much it missed until then: with `pump`, which is `over` then.
  void stall(std::uint64_t connection);
  /// Ends all subscriptions of a connection that closed.
  void drop(std::uint64_t connection);
  /// Whether the connection has a subscription.
  [[nodiscard]] bool has(std::uint64_t connection) const;
  /// Connections with subscriptions.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Subscription;
  struct Connection;
  std::shared_ptr<Connection> find(std::uint64_t connection) const;

  Channels channels_;
  Wake wake_;
  WakeLater wake_later_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> by_connection_;
  std::uint64_t last_sub_ = 0;
};

}  // namespace engine::event
