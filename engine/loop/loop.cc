#include "loop/loop.hh"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <thread>

namespace engine::loop {

struct Loop::Impl {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(io);
  std::atomic<std::thread::id> thread;
};

Loop::Loop(std::string name) : name_(std::move(name)), impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
  impl_->thread = std::this_thread::get_id();
  impl_->io.restart();
  impl_->io.run();
}

std::size_t Loop::poll() {
  impl_->thread = std::this_thread::get_id();
  impl_->io.restart();
  return impl_->io.poll();
}

void Loop::stop() {
  impl_->io.stop();
}

void Loop::post(UniqueFunction<void()> work) {
  boost::asio::post(impl_->io, [work = std::move(work)]() mutable { work(); });
}

bool Loop::is_current_thread() const {
  return impl_->thread == std::this_thread::get_id();
}

boost::asio::io_context& Loop::io() {
  return impl_->io;
}

struct Timer::Impl {
  explicit Impl(boost::asio::io_context& io) : timer(io) {}
  boost::asio::steady_timer timer;
  std::shared_ptr<bool> armed;  // false once the pending wait was cancelled or replaced
};

Timer::Timer(Loop& loop) : impl_(std::make_unique<Impl>(loop.io())) {}
Timer::~Timer() {
  cancel();
}

void Timer::start(Milliseconds delay, UniqueFunction<void()> fire) {
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
