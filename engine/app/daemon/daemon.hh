#pragma once

#include "app/daemon/daemon_options.hh"
#include "app/daemon/startup.hh"
#include "instance/lock.hh"
#include "json/value.hh"

#include <memory>
#include <optional>

namespace engine::app {

/// One running instance: the loops, the store, the scripts, the sockets. Built in order, taken down
/// in reverse. Resource type; the thread that calls `run` becomes the control loop.
class Daemon {
 public:
  /// REQUIRES: the directories exist and the lock is ours. `lock` and `report` outlive the daemon.
  Daemon(const DaemonOptions& options, const instance::Lock& lock, StartupReport& report);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  /// Serves until a signal or `server.shutdown`. ERRORS: of the start (the report has not been told
  /// yet), or Errc::unclean_stop.
  Result<> run();
  /// Whether the stop was asked for in order to begin anew.
  [[nodiscard]] bool wants_restart() const;

  /// Why `run` failed, if store or scripts are the cause: what an operator can mend while
  /// Diagnostic serves.
  [[nodiscard]] const std::optional<Error>& fault() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::app
