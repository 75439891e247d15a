#pragma once

#include "loop/child_process.hh"
#include "loop/fd_watch.hh"
#include "loop/loop.hh"

#include <sys/types.h>

#include <unordered_map>
#include <vector>

namespace engine::ns {

/// Collects every child of this process, those it started and those it inherited as PID 1. Resource
/// type; one per process, and nothing else in the process may wait for children.
class Reaper {
 public:
  explicit Reaper(loop::Loop& loop);
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;

  /// Calls `on_exit` once, on the loop, when the child has ended.
  /// REQUIRES: called in the same turn of the loop in which the child was made.
  void watch(pid_t pid, UniqueFunction<void(loop::ExitStatus)> on_exit);
  /// Forgets a watched child; it is still collected.
  void forget(pid_t pid);

  /// Calls `idle` after every collection, for work that must wait until processes are gone.
  void after_each_turn(UniqueFunction<void()> idle);

  /// Collects now what has ended.
  void collect();

 private:
  std::unordered_map<pid_t, UniqueFunction<void(loop::ExitStatus)>> watched_;
  UniqueFunction<void()> idle_;
  loop::SignalWatch signals_;
};

}  // namespace engine::ns
