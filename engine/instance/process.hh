#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "base/unique_fd.hh"

#include <sys/types.h>

#include <cstdint>

namespace engine::instance {

/// A process that is not our child, held by its pidfd so that a reused pid is never mistaken for
/// it. Resource type, movable.
class Process {
 public:
  /// The process `pid` that began at `start_time` (clock ticks since boot, as in /proc/PID/stat).
  /// ERRORS: Errc::not_found when it has ended, whoever has its pid now.
  static Result<Process> open(pid_t pid, std::uint64_t start_time);

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// ERRORS: Errc::not_found when it has ended; Errc::permission_denied.
  Result<> signal(int number) const;
  /// Blocks until it has ended. ERRORS: Errc::timeout.
  Result<> wait(Milliseconds timeout) const;

 private:
  Process(pid_t pid, UniqueFd fd) : pid_(pid), fd_(std::move(fd)) {}
  pid_t pid_;
  UniqueFd fd_;
};

}  // namespace engine::instance
