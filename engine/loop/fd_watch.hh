#pragma once

#include "base/unique_fd.hh"
#include "loop/loop.hh"

#include <memory>

namespace engine::loop {

/// Owns a descriptor and tells when it is readable (pidfd, inotify, eventfd, pipe). Resource type.
class FdWatch {
 public:
  FdWatch(Loop& loop, UniqueFd fd);
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  ~FdWatch();

  /// Completes once when the descriptor is readable (or hung up).
  /// REQUIRES: no other wait is pending.
  void wait_readable(Completion<> done);
  [[nodiscard]] int fd() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Delivers process signals to a loop. Resource type; the signals are caught while it lives.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, std::initializer_list<int> signals, UniqueFunction<void(int)> on_signal);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace engine::loop
