#pragma once

#include "app/daemon/desk.hh"
#include "app/daemon/http_desk.hh"
#include "bindings/daemon_host.hh"
#include "event/connection_sinks.hh"
#include "loop/loop_thread.hh"
#include "net/connection_quota.hh"
#include "net/line_balancer.hh"
#include "net/refuser.hh"
#include "net/tcp_listener.hh"
#include "net/unix_listener.hh"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace engine::app {

/// What a TCP port speaks.
enum class PortKind : std::uint8_t { http, https, tls_lines };

/// All listeners of the daemon. Each Unix socket has a desk on every worker (or on one, for a
/// socket that few use); what speaks HTTP or TLS is shared by all and has one desk a worker.
/// Connections are accepted on a thread that runs no script, so that none keeps them waiting.
/// Resource type; lives on the control loop.
class Doors {
 public:
  /// `shared.on_closed` is told of every connection that ends, on its worker's thread.
  Doors(loop::Loop& control, DeskShared shared, std::vector<ScriptLoop*> workers);
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;
  ~Doors();

  /// Makes the desks for HTTP; before anything is opened.
  void start(Completion<> done);

  /// Opens a TCP port. `tls` is null for plain HTTP. ERRORS: Errc::cannot_bind.
  /// REQUIRES: `start` is done.
  Result<> open_port(PortKind kind,
                     const net::ListenAddress& address,
                     std::shared_ptr<http::TlsContext> tls);
  /// Of all TCP ports, and the first Unix socket: [{kind, address, certificate?}]. Thread-safe.
  [[nodiscard]] json::Value listeners() const;

  /// Opens a Unix socket; one that is open under the same path and for the same tree stays as it
  /// is. What is asked for one path is done in the order it was asked.
  /// ERRORS: Errc::cannot_bind, Errc::instance_held, Errc::shutting_down.
  void open(bindings::DaemonHost::Listener listener, std::size_t desks, Completion<> done);
  /// Closes socket and connections. ERRORS: Errc::not_found.
  void close(const std::string& path, Completion<> done);

  /// Takes no more connections and lines; `done` when every call in flight is answered and written.
  void drain(Completion<> done);

  /// Events wait for a connection: it takes them when it has room. Thread-safe.
  void wake(std::uint64_t connection);

 private:
  struct Door {
    bindings::DaemonHost::Listener listener;
    std::vector<std::shared_ptr<Desk>> desks;
    std::unique_ptr<net::LineBalancer> balancer;
    std::unique_ptr<net::UnixListener> socket;
  };
  struct Port {
    PortKind kind;
    std::shared_ptr<http::TlsContext> tls;
    std::unique_ptr<net::TcpListener> listener;
  };
  void in_turn(const std::string& path, UniqueFunction<void()> work);
  void turn_over(const std::string& path);
  void open_now(bindings::DaemonHost::Listener listener, std::size_t desks, Completion<> done);
  void close_now(const std::string& path, Completion<> done);
  Result<> listen(const std::shared_ptr<Door>& door);
  void take_connection(const Port& port, UniqueFd socket);
  std::shared_ptr<HttpDesk> http_desk_of(const ScriptLoop& worker) const;
  unsigned take_index(const std::shared_ptr<PushTarget>& desk);
  void dismiss(std::vector<std::shared_ptr<Desk>> desks, Completion<> done);

  loop::Loop& control_;
  DeskShared shared_;
  loop::LoopThread accepting_{"accept"};
  net::Refuser refuser_{accepting_.loop()};
  net::ConnectionQuota remote_;
  std::vector<ScriptLoop*> workers_;
  std::vector<std::shared_ptr<HttpDesk>> http_desks_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::map<std::string, std::shared_ptr<Door>> doors_;
  /// What waits for the opening or closing that is under way, by path.
  std::map<std::string, std::deque<UniqueFunction<void()>>> turns_;
  std::size_t next_worker_ = 0;
  bool draining_ = false;
  mutable std::mutex desks_mutex_;
  std::map<unsigned, std::weak_ptr<PushTarget>> desks_;
  mutable std::mutex listeners_mutex_;
  json::Array listeners_;
};

}  // namespace engine::app
