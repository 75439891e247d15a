#include "loop/fd_watch.hh"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

namespace engine::loop {

struct FdWatch::Impl {
  Impl(boost::asio::io_context& io, int fd) : descriptor(io, fd) {}
  ~Impl() { *alive = false; }
  boost::asio::posix::stream_descriptor descriptor;
  // A wait that has ended already is not cancelled any more: its handler is on its way.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

FdWatch::FdWatch(Loop& loop, UniqueFd fd)
    : impl_(std::make_unique<Impl>(loop.io(), fd.release())) {}
FdWatch::~FdWatch() = default;

void FdWatch::wait_readable(Completion<> done) {
  impl_->descriptor.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [alive = impl_->alive, done = std::move(done)](boost::system::error_code code) mutable {
        if (!*alive || code == boost::asio::error::operation_aborted) return;
        if (code) {
          done(fail(errno_error("waiting for a descriptor", code.value())));
        } else {
          done({});
        }
      });
}

int FdWatch::fd() const {
  return impl_->descriptor.native_handle();
}

struct SignalWatch::Impl {
  Impl(boost::asio::io_context& io, UniqueFunction<void(int)> on)
      : signals(io), on_signal(std::move(on)) {}
  boost::asio::signal_set signals;
  UniqueFunction<void(int)> on_signal;

  static void wait(const std::shared_ptr<Impl>& self) {
    self->signals.async_wait(
        [weak = std::weak_ptr(self)](boost::system::error_code code, int number) {
          const auto impl = weak.lock();
          if (code || !impl) return;
          wait(impl);
          impl->on_signal(number);
        });
  }
};

SignalWatch::SignalWatch(Loop& loop,
                         std::initializer_list<int> signals,
                         UniqueFunction<void(int)> on_signal)
    : impl_(std::make_shared<Impl>(loop.io(), std::move(on_signal))) {
  for (const int number : signals)
    impl_->signals.add(number);
  Impl::wait(impl_);
}
SignalWatch::~SignalWatch() = default;

}  // namespace engine::loop
