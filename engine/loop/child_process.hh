#pragma once

#include "base/unique_fd.hh"
#include "loop/loop.hh"

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::loop {

/// How a process ended. Value type.
struct ExitStatus {
  int code = 0;    ///< exit code, or 128 + signal
  int signal = 0;  ///< 0 unless ended by a signal
  [[nodiscard]] bool success() const { return code == 0; }
};

/// What to run. The child gets the three descriptors given here (an empty one means /dev/null),
/// those in `inherit` under the same number, and nothing else.
struct SpawnOptions {
  std::vector<std::string> argv;                             ///< argv[0] is searched in PATH
  std::optional<std::vector<std::string>> environment = {};  ///< K=V; nullopt: ours
  std::string directory = {};
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;
  std::vector<int> inherit = {};
  bool new_session = true;
};

/// A running child, waited for through its pidfd. Resource type. Destroying it kills the child
/// (SIGKILL to its process group if it has a session of its own) unless `detach` was called.
class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> spawn(Loop& loop, const SpawnOptions& options);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// ERRORS: Errc::not_found when it is gone.
  Result<> kill(int signal);
  /// Completes when the child has ended. REQUIRES: called at most once.
  void wait(Completion<ExitStatus> done);
  void detach();

 private:
  struct Impl;
  ChildProcess(pid_t pid, std::unique_ptr<Impl> impl);
  pid_t pid_;
  std::unique_ptr<Impl> impl_;
};

/// Output of a finished command.
struct CommandOutput {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// Runs a command to its end, blocking the calling thread (use on the offload pool).
/// Output beyond `limit` bytes per stream is dropped. When the descriptor `stop` becomes readable
/// it is killed. ERRORS: Errc::timeout or Errc::cancelled after killing it, Errc::not_found when
/// the program does not exist.
Result<CommandOutput> run_command(const SpawnOptions& options,
                                  Milliseconds timeout,
                                  std::string_view input = {},
                                  std::size_t limit = 1UL << 20U,
                                  int stop = -1);

/// Kills every command that run_command waits for, and lets none begin: for a program that ends
/// without joining the threads that wait. Thread-safe.
void kill_commands();

}  // namespace engine::loop
