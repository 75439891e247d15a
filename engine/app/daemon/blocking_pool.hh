#pragma once

#include "app/daemon/script_loop.hh"

#include <atomic>
#include <memory>
#include <span>
#include <vector>

namespace engine::app {

/// Threads for `blocking` handlers, each with a VM made on demand. Resource type; thread-safe.
class BlockingPool {
 public:
  BlockingPool(std::size_t threads,
               const script::Services& services,
               std::span<const script::Module> modules,
               std::size_t memory = ScriptLoop::kMemory,
               std::size_t most_waiting = SIZE_MAX);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  /// Runs the request on the least busy thread, in the VM of `generation`. `reply` runs there, or,
  /// when the pool is full, at once: Errc::busy.
  void execute(std::shared_ptr<const Generation> generation, Request request, Reply reply);

  /// `generation` is in force: VMs of older ones are let go as soon as nothing runs in them.
  void retire_before(std::uint64_t generation);

  /// ScriptLoop::cancel_connection on every thread.
  void cancel_connection(std::uint64_t connection);

  /// Ends the threads and what waits for them. Connections that close later find nothing to cancel.
  /// REQUIRES: nothing is executed any more.
  void stop();

  /// Its threads, for counters and for those who look into their VMs.
  [[nodiscard]] std::vector<ScriptLoop*> loops() const;

 private:
  struct Member {
    explicit Member(std::unique_ptr<ScriptLoop> on) : scripts(std::move(on)) {}
    std::unique_ptr<ScriptLoop> scripts;
    std::atomic<std::size_t> busy{0};
  };
  std::vector<std::unique_ptr<Member>> members_;
  const std::size_t most_waiting_;
  std::atomic<std::uint64_t> in_force_ = 0;
  std::atomic<std::size_t> taken_ = 0;  ///< calls that run or wait
};

}  // namespace engine::app
