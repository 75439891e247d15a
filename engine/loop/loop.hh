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

  /// The time its timers go by: Clock's, or what `stop_time` and `advance` made of it.
  [[nodiscard]] TimePoint now() const;
  /// For tests of scripts: from here on time stands still but for `advance`. REQUIRES: no timer was
  /// started yet.
  void stop_time();
  [[nodiscard]] bool time_is_stopped() const { return time_is_stopped_; }
  /// Lets stopped time pass, after what is posted has run: timers fire in order, each after the
  /// work the one before has posted.
  /// `done` is posted at the end.
  void advance(Milliseconds by, UniqueFunction<void()> done);

  [[nodiscard]] const std::string& name() const { return name_; }

  /// For rooms that speak Asio themselves (net, http).
  boost::asio::io_context& io();

 private:
  struct Impl;
  friend class Timer;
  void pass_time_until(TimePoint target, UniqueFunction<void()> done);

  std::string name_;
  bool time_is_stopped_ = false;
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
  /// The same by the machine's clock, also while the loop's time stands still.
  void start_by_clock(Milliseconds delay, UniqueFunction<void()> fire);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::loop
