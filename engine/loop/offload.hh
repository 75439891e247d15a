#pragma once

#include "loop/loop.hh"

#include <cstddef>
#include <exception>
#include <memory>
#include <string>

namespace engine::loop {

/// A bounded set of threads for work that blocks (liblxc, fsync, hashing); each is made when it is
/// first needed. Resource type; the destructor waits for work that has begun and drops what has
/// not.
class OffloadPool {
 public:
  /// `niceness` is added to that of the process: work that may wait takes no processor from a loop
  /// that serves.
  explicit OffloadPool(std::size_t threads, int niceness = 0);
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;
  ~OffloadPool();

  /// Runs `work` on a pool thread. Thread-safe.
  void submit(UniqueFunction<void()> work);

  /// Runs `work` on a pool thread and hands its result to `done` on `back`. Only values cross:
  /// what `work` holds (a script's object may be let go meanwhile) is freed on `back` too. An
  /// exception (no memory for what a file holds) is a result, too: Errc::internal.
  /// REQUIRES: `back` outlives the pool.
  template <typename T>
  void run(Loop& back, UniqueFunction<Result<T>()> work, Completion<T> done) {
    submit([&back, work = std::move(work), done = std::move(done)]() mutable {
      Result<T> result = caught(work);
      back.post([result = std::move(result),
                 done = std::move(done),
                 work = std::move(work)]() mutable { done(std::move(result)); });
    });
  }

 private:
  template <typename T>
  static Result<T> caught(UniqueFunction<Result<T>()>& work) {
    std::string what;
    try {
      return work();
    } catch (const std::exception& exception) {
      what = exception.what();
    }
    return fail(Errc::internal, std::move(what));
  }

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::loop
