#pragma once

#include "base/time.hh"
#include "base/unique_fd.hh"
#include "instance/boot_report.hh"
#include "loop/child_process.hh"
#include "loop/fd_watch.hh"
#include "loop/loop.hh"

#include <memory>
#include <optional>

namespace engine::instance {

/// Waits until a starting child is ready, has failed, has ended, or has used up its time; runs a
/// loop of its own for that. Resource type, for one wait.
class BootWait {
 public:
  struct Outcome {
    bool ready = false;
    bool timed_out = false;
    std::optional<loop::ExitStatus> exit;  ///< absent while it runs (ready, or ignoring SIGTERM)
    BootReport report;
  };

  /// `pipe` is the reading end of the ready pipe; its other end must be open in the child alone
  /// once `run` is called.
  BootWait(loop::Loop& loop, std::unique_ptr<loop::ChildProcess> child, UniqueFd pipe);

  /// A child that became ready is left running; any other has ended on return.
  Outcome run(Milliseconds timeout);

  [[nodiscard]] pid_t pid() const { return child_->pid(); }

 private:
  void watch_pipe();
  void on_pipe();
  /// False at the end of the stream.
  bool drain_pipe();
  void on_exit(const loop::ExitStatus& status);
  void on_timeout();

  loop::Loop& loop_;
  std::unique_ptr<loop::ChildProcess> child_;
  loop::FdWatch pipe_;
  loop::Timer timer_;
  Outcome outcome_;
};

}  // namespace engine::instance
