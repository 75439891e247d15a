#pragma once

#include "base/time.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace engine::client {

struct Options {
  Milliseconds connect_timeout{5'000};
  bool wait_for_socket = false;  ///< within the timeout, wait for the socket to appear
  /// What the user can do when nobody listens.
  std::string not_running_hint = "moon-cli daemon start";
  std::size_t response_limit = 1UL << 30U;  ///< bytes of one line from the server
};

struct CallOptions {
  Milliseconds timeout{30'000};
  /// The method changes nothing: it may be sent again when the connection breaks.
  bool read_only = false;
};

/// A JSON-RPC client over a Unix socket: many calls at once on one connection, which is made when
/// first needed and again after it broke. Resource type; lives on its loop. May be destroyed from
/// its own callbacks.
///
/// A call is sent again only when that is safe: no byte of it was written, or it is read-only;
/// at most three times. ERRORS of a call: what the server answered; Errc::daemon_not_running,
/// Errc::permission_denied (no connection); Errc::outcome_unknown (the connection broke and the
/// call may have been carried out); Errc::connection_lost (the same for a read-only call, after
/// the last attempt); Errc::timeout; Errc::request_too_large; Errc::closed.
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
  /// Drops the completion of a call; what the server does is not changed.
  void forget(CallId call);
  /// Called for every notification from the server. Views die with the call.
  void on_notification(OnNotification handler);
  /// Ends the connection; calls under way fail with Errc::closed.
  void close();

  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] bool connected() const;

 private:
  struct Impl;
  Client(loop::Loop& loop, std::shared_ptr<Impl> impl);
  loop::Loop& loop_;
  std::shared_ptr<Impl> impl_;
};

}  // namespace engine::client
