#pragma once

#include "base/time.hh"
#include "loop/completion.hh"

#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace engine::loop {

/// One thread's event loop. Resource type. Everything made on a loop is used on its thread only;
/// `post` and `stop` may be called from any thread. The loop must outlive what was made on it.
class Loop {
 public:
  explicit Loop(std::string name);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Runs handlers on the calling thread until `stop`. May be called again afterwards.
  void run();
  /// Runs what is ready, without waiting; returns how many handlers ran. For tests and shutdown.
  std::size_t poll();
  void stop();

  /// Queues `work` behind what is already queued. Never runs it inline.
  void post(UniqueFunction<void()> work);

  [[nodiscard]] bool is_current_thread() const;
  [[nodiscard]] const std::string& name() const { return name_; }

  /// For rooms that speak Asio themselves (net, http).
  boost::asio::io_context& io();

 private:
  struct Impl;
  std::string name_;
  std::unique_ptr<Impl> impl_;
};

/// Calls a function once after a while. Resource type; destroying or restarting it cancels.
class Timer {
 public:
  explicit Timer(Loop& loop);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer();

  void start(Milliseconds delay, UniqueFunction<void()> fire);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::loop
