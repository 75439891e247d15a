#pragma once

#include "app/daemon/dispatcher.hh"
#include "app/daemon/script_loop.hh"
#include "bindings/daemon_host.hh"
#include "event/connection_sinks.hh"
#include "net/connection_table.hh"
#include "net/line_service.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace engine::app {

class Continuations;
class HttpDesk;

/// What a connection hears whose line does not come to its end.
std::string unfinished_line_answer();

/// What the desks of all doors share. The references outlive them.
struct DeskShared {
  Dispatcher& dispatcher;
  net::ConnectionTable& connections;
  event::PushingSinks& sinks;
  Continuations& continuations;
  std::string context;  ///< whose tree is served over HTTP and TLS, and where HTTP is looked for
};

/// Whoever sends the events that wait for connections of his. `wake` is thread-safe.
class PushTarget {
 public:
  explicit PushTarget(ScriptLoop& worker) : worker_(worker) {}
  virtual ~PushTarget() = default;
  /// Events wait for a connection: it takes them when it has room.
  virtual void wake(std::uint64_t connection) = 0;
  /// Takes no more; `done` when all is answered and written. On the worker's loop.
  virtual void drain(Completion<> done) = 0;
  /// Ends all connections, for good. On the worker's loop, or after its thread has stopped.
  virtual void end() = 0;
  [[nodiscard]] ScriptLoop& worker() { return worker_; }

 protected:
  ScriptLoop& worker_;
};

/// The line connections of one socket on one worker: hands their lines to the dispatcher, and
/// those that speak HTTP to the worker's HTTP desk. Lives on the worker's loop.
class Desk final : public PushTarget, public net::LineHandler {
 public:
  /// `http` is null where HTTP is not looked for.
  Desk(DeskShared& shared,
       ScriptLoop& worker,
       std::shared_ptr<HttpDesk> http,
       const bindings::DaemonHost::Listener& listener)
      : PushTarget(worker), shared_(shared), http_(std::move(http)), listener_(listener) {}

  Result<> open(unsigned index);
  void wake(std::uint64_t connection) override;
  void drain(Completion<> done) override;
  void end() override;

  void on_open(net::LineSession& session) override;
  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override;
  void on_oversize(net::LineSession& session, net::Answer answer) override;
  void on_room(net::LineSession& session) override;
  void on_stalled(net::LineSession& session) override;
  void on_unfinished_line(net::LineSession& session) override;
  bool on_idle(net::LineSession& session) override;
  void on_http(net::LineSession& session, UniqueFd socket, std::string already_read) override;
  void on_close(net::LineSession& session) override;

  [[nodiscard]] net::LineService& service() { return *service_; }

 private:
  [[nodiscard]] std::shared_ptr<const Caller> caller_of(const net::LineSession& session) const;

  DeskShared& shared_;
  std::shared_ptr<HttpDesk> http_;
  bindings::DaemonHost::Listener listener_;
  std::unique_ptr<net::LineService> service_;
};

}  // namespace engine::app
