#pragma once

#include "app/daemon/dispatcher.hh"
#include "bindings/daemon_host.hh"
#include "event/connection_sinks.hh"
#include "net/line_balancer.hh"
#include "net/line_service.hh"
#include "net/unix_listener.hh"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace engine::app {

/// The connections of one socket on one worker: hands their lines to the dispatcher. Lives on the
/// worker's loop.
class Desk final : public net::LineHandler {
 public:
  Desk(Dispatcher& dispatcher,
       event::PushingSinks& sinks,
       ScriptLoop& worker,
       const bindings::DaemonHost::Listener& listener)
      : dispatcher_(dispatcher), sinks_(sinks), worker_(worker), listener_(listener) {}

  Result<> open(unsigned index, UniqueFunction<void(std::uint64_t)> on_close);
  void on_open(net::LineSession& session) override;
  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override;
  void on_oversize(net::LineSession& session, net::Answer answer) override;
  void on_room(net::LineSession& session) override;
  void on_close(net::LineSession& session) override;

  [[nodiscard]] net::LineService& service() { return *service_; }
  [[nodiscard]] ScriptLoop& worker() { return worker_; }

 private:
  [[nodiscard]] std::shared_ptr<const Caller> caller_of(const net::LineSession& session) const;

  Dispatcher& dispatcher_;
  event::PushingSinks& sinks_;
  ScriptLoop& worker_;
  bindings::DaemonHost::Listener listener_;
  UniqueFunction<void(std::uint64_t)> closed_;
  std::unique_ptr<net::LineService> service_;
};

/// All sockets of the daemon. Each has a listener on the control loop and a desk on every worker
/// (or on one, for a socket that few use). Resource type; lives on the control loop, `wake` may be
/// called from any thread.
class Doors {
 public:
  Doors(loop::Loop& control,
        Dispatcher& dispatcher,
        event::PushingSinks& sinks,
        std::vector<ScriptLoop*> workers);
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;
  ~Doors();

  /// Opens a socket; one that is open under the same path and for the same tree stays as it is.
  /// ERRORS: Errc::cannot_bind, Errc::instance_held.
  void open(bindings::DaemonHost::Listener listener, std::size_t desks, Completion<> done);
  /// Closes socket and connections. ERRORS: Errc::not_found.
  void close(const std::string& path, Completion<> done);

  /// Takes no more connections and lines; `done` when every call in flight is answered and written.
  void drain(Completion<> done);

  /// Events wait for a connection: it takes them when it has room. Thread-safe.
  void wake(std::uint64_t connection);

  /// Told of every connection that ends, on its worker's thread.
  UniqueFunction<void(std::uint64_t)> on_connection_closed;

  [[nodiscard]] std::size_t connections() const;

 private:
  struct Door {
    bindings::DaemonHost::Listener listener;
    std::vector<std::shared_ptr<Desk>> desks;
    std::unique_ptr<net::LineBalancer> balancer;
    std::unique_ptr<net::UnixListener> socket;
  };
  Result<> listen(const std::shared_ptr<Door>& door);
  unsigned take_index(const std::shared_ptr<Desk>& desk);
  void dismiss(std::vector<std::shared_ptr<Desk>> desks, Completion<> done);

  loop::Loop& control_;
  Dispatcher& dispatcher_;
  event::PushingSinks& sinks_;
  std::vector<ScriptLoop*> workers_;
  std::map<std::string, std::shared_ptr<Door>> doors_;
  std::size_t next_worker_ = 0;
  mutable std::mutex desks_mutex_;
  std::map<unsigned, std::weak_ptr<Desk>> desks_;
};

}  // namespace engine::app
