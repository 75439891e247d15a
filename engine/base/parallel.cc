#include "base/parallel.hh"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace engine {
namespace {

struct Shared {
  const ParallelTask& task;
  std::size_t count;
  std::atomic<std::size_t> next{0};
  std::mutex mutex = {};
  std::size_t failed_index = 0;
  std::optional<Error> failure = std::nullopt;

  void run(std::size_t worker) {
    while (true) {
      const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) return;
      if (auto done = task(index, worker); !done) keep(index, std::move(done).error());
    }
  }

  void keep(std::size_t index, Error error) {
    next.store(count, std::memory_order_relaxed);
    const std::lock_guard lock(mutex);
    if (failure && failed_index < index) return;
    failed_index = index;
    failure = std::move(error);
  }
};

/// Signals belong to the threads that wait for them.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Result<> parallel_for(std::size_t count, unsigned threads, const ParallelTask& task) {
  Shared shared{.task = task, .count = count};
  {
    const std::size_t wanted = std::min<std::size_t>(std::max(threads, 1U), count);
    std::vector<std::jthread> helpers;
    helpers.reserve(wanted);
    for (std::size_t worker = 1; worker < wanted; ++worker) {
      try {
        helpers.emplace_back([&shared, worker] {
          block_signals();
          shared.run(worker);
        });
      } catch (const std::system_error&) {
        break;  // no more threads to be had: those that run do the work
      }
    }
    shared.run(0);
  }
  if (shared.failure) return fail(std::move(*shared.failure));
  return {};
}

unsigned processor_count() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (::sched_getaffinity(0, sizeof usable, &usable) != 0) return 1;
  return static_cast<unsigned>(std::max(CPU_COUNT(&usable), 1));
}

}  // namespace engine
