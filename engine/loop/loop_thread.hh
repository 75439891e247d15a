#pragma once

#include "loop/loop.hh"

#include <future>
#include <string>
#include <thread>
#include <type_traits>

namespace engine::loop {

/// A loop on a thread of its own, named after it. Resource type; stops and joins at its end, after
/// which what was made on the loop may be destroyed on any thread.
class LoopThread {
 public:
  explicit LoopThread(std::string name);
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() { stop(); }

  [[nodiscard]] Loop& loop() { return loop_; }
  /// May be called twice.
  void stop();

  /// Runs `work` on the loop, waits for it and gives what it gives. For loops that never keep
  /// anybody waiting. REQUIRES: another thread; `stop` was not called.
  template <typename F>
  auto call(F work) {
    std::promise<std::invoke_result_t<F>> result;
    loop_.post([&work, &result] {
      if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        work();
        result.set_value();
      } else {
        result.set_value(work());
      }
    });
    return result.get_future().get();
  }

 private:
  Loop loop_;
  std::thread thread_;
};

}  // namespace engine::loop
