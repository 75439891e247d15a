#pragma once

#include "base/time.hh"
#include "client/notice.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace engine::client {

class Core;

struct Options {
  /// For connecting, and for finding a server again that went away while it was needed.
  Milliseconds connect_timeout{5'000};
  bool wait_for_socket = false;  ///< within the timeout, wait for the socket to appear
  /// What the user can do when nobody listens.
  std::string not_running_hint = "moon-cli daemon start";
  std::string locale = {};                  ///< of every call that names none, e.g. "de_DE"
  std::size_t response_limit = 1UL << 30U;  ///< bytes of one line from the server
};

struct CallOptions {
  /// Until the call fails with Errc::timeout, attempts and waiting included. The server is told
  /// what is left of it (`deadline_ms`), so that it does not work on for nobody.
  Milliseconds timeout{30'000};
  /// The method changes nothing: it may be sent again when the connection breaks. So it may when
  /// its name begins with `query:`.
  bool read_only = false;
  /// At most 64 bytes, unique to this call: the server carries it out once, however often it
  /// arrives, so that it may be sent again.
  std::string idempotency_key = {};
  std::string trace = {};   ///< a name for this call in logs and events
  std::string locale = {};  ///< of messages in the answer
};

/// A key for CallOptions::idempotency_key: 128 random bits as hex.
std::string make_idempotency_key();

/// A JSON-RPC client over a Unix socket: many calls at once on one connection, which is made when
/// first needed. When it breaks while calls or subscriptions need it, it is made again, with the
/// waits of Backoff; for calls no longer than `connect_timeout`, for subscriptions for ever.
/// Resource type; lives on its loop. May be destroyed from its own callbacks.
///
/// A call is sent again, at most twice and within its timeout, only when that is safe: no byte of
/// it was written; it is read-only; it has an idempotency key; or the server refused it as busy
/// (then after what `retryAfterMs` in the error's info says, a second where it says nothing, the
/// second time after twice that, and up to a quarter more by chance).
///
/// ERRORS of a call: what the server answered; Errc::daemon_not_running, Errc::permission_denied
/// (no connection); Errc::outcome_unknown (the connection broke and the call may have been carried
/// out); Errc::connection_lost (the same for a call that is safe to repeat, after the last
/// attempt); Errc::timeout; Errc::request_too_large; Errc::closed.
class Client {
 public:
  using CallId = std::uint64_t;
  using OnNotification = UniqueFunction<void(std::string_view method, std::string_view params)>;

  static Result<std::unique_ptr<Client>> open(loop::Loop& loop,
                                              std::filesystem::path socket,
                                              Options options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Connects now. ERRORS: as for a call.
  void connect(Completion<> done);
  /// `params` is JSON text on one line; `done` gets the result as JSON text.
  CallId call(std::string_view method,
              std::string_view params,
              const CallOptions& options,
              Completion<std::string> done);
  /// Sends a call whose answer, or failure, nobody waits for.
  void notify(std::string_view method, std::string_view params);
  /// Drops the completion of a call. The server is not told: it goes on until its own deadline, or
  /// until the connection ends.
  void forget(CallId call);

  /// Subscribes to the events that match `filter` (a JSON object). Subscriptions from now on with
  /// equal filters share one on the server. After a reconnect it goes on where it was; what could
  /// not be had again is told as a gap.
  SubscriptionId subscribe(std::string_view filter, const SubscribeFrom& from, OnNotice consumer);
  /// The consumer is not called again; it may be the caller.
  void unsubscribe(SubscriptionId id);

  /// Called for every notification that belongs to no subscription. Views die with the call.
  void on_notification(OnNotification handler);
  /// Ends the connection; calls under way fail with Errc::closed, so do subscriptions.
  void close();

  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] bool connected() const;

 private:
  Client(loop::Loop& loop, std::shared_ptr<Core> core);
  loop::Loop& loop_;
  std::shared_ptr<Core> core_;
};

}  // namespace engine::client
