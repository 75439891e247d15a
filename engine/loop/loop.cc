#include "loop/loop.hh"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <map>

namespace engine::loop {

struct Loop::Impl {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(io);

  // Of stopped time.
  TimePoint now;
  std::multimap<TimePoint, UniqueFunction<void()>> due;
};

Loop::Loop(std::string name) : name_(std::move(name)), impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
  impl_->io.restart();
  impl_->io.run();
}

std::size_t Loop::poll() {
  impl_->io.restart();
  return impl_->io.poll();
}

void Loop::stop() {
  impl_->io.stop();
}

void Loop::post(UniqueFunction<void()> work) {
  boost::asio::post(impl_->io, [work = std::move(work)]() mutable { work(); });
}

TimePoint Loop::now() const {
  return time_is_stopped_ ? impl_->now : Clock::now();
}

void Loop::stop_time() {
  impl_->now = Clock::now();
  time_is_stopped_ = true;
}

void Loop::advance(Milliseconds by, UniqueFunction<void()> done) {
  // What is posted already may still start timers.
  post([this, target = impl_->now + by, done = std::move(done)]() mutable {
    post([this, target, done = std::move(done)]() mutable {
      pass_time_until(target, std::move(done));
    });
  });
}

void Loop::pass_time_until(TimePoint target, UniqueFunction<void()> done) {
  const auto first = impl_->due.begin();
  if (first == impl_->due.end() || first->first > target) {
    impl_->now = target;
    return post(std::move(done));
  }
  impl_->now = std::max(impl_->now, first->first);
  UniqueFunction<void()> fire = std::move(first->second);
  impl_->due.erase(first);
  fire();
  post([this, target, done = std::move(done)]() mutable {
    post([this, target, done = std::move(done)]() mutable {
      pass_time_until(target, std::move(done));
    });
  });
}

boost::asio::io_context& Loop::io() {
  return impl_->io;
}

struct Timer::Impl {
  explicit Impl(Loop& on) : loop(on), timer(on.io()) {}
  Loop& loop;
  boost::asio::steady_timer timer;
  std::shared_ptr<bool> armed;  // false once the pending wait was cancelled or replaced
};

Timer::Timer(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Timer::~Timer() {
  cancel();
}

void Timer::start(Milliseconds delay, UniqueFunction<void()> fire) {
  if (!impl_->loop.time_is_stopped()) return start_by_clock(delay, std::move(fire));
  cancel();
  impl_->armed = std::make_shared<bool>(true);
  impl_->loop.impl_->due.emplace(impl_->loop.now() + delay,
                                 [armed = impl_->armed, fire = std::move(fire)]() mutable {
                                   if (*armed) fire();
                                 });
}

void Timer::start_by_clock(Milliseconds delay, UniqueFunction<void()> fire) {
  cancel();
  impl_->armed = std::make_shared<bool>(true);
  impl_->timer.expires_after(delay);
  impl_->timer.async_wait(
      [armed = impl_->armed, fire = std::move(fire)](boost::system::error_code code) mutable {
        if (!code && *armed) fire();
      });
}

void Timer::cancel() {
  if (impl_->armed) *impl_->armed = false;
  impl_->armed.reset();
  impl_->timer.cancel();
}

}  // namespace engine::loop
