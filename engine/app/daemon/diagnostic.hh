#pragma once

#include "app/daemon/daemon_options.hh"
#include "app/daemon/startup.hh"
#include "instance/lock.hh"

#include <memory>

namespace engine::app {

/// What serves the instance's socket while the daemon itself cannot start: the tree of
/// DiagnosticContext (scripts/diagnostic), from the scripts built into the program, to root and the
/// owner. Resource type; the thread that calls `run` becomes the control loop.
class Diagnostic {
 public:
  /// REQUIRES: the directories exist and the lock is ours. `fault`: why there is no daemon.
  Diagnostic(const DaemonOptions& options,
             const instance::Lock& lock,
             StartupReport& report,
             Error fault);
  Diagnostic(const Diagnostic&) = delete;
  Diagnostic& operator=(const Diagnostic&) = delete;
  ~Diagnostic();

  /// Serves until it is told to stop (false), or the daemon looks able to start (true).
  /// ERRORS: the socket cannot be opened; the built-in scripts do not run (a bug).
  Result<bool> run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::app
