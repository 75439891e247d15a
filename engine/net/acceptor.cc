#include "net/acceptor.hh"

#include "base/log.hh"
#include "loop/fd_watch.hh"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace engine::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Milliseconds kPauseWithoutDescriptors{100};

}  // namespace

struct Acceptor::Impl : std::enable_shared_from_this<Impl> {
  Impl(loop::Loop& on, UniqueFd listening, UniqueFunction<void(UniqueFd)> accepted)
      : watch(std::make_unique<loop::FdWatch>(on, std::move(listening))),
        retry(on),
        on_accept(std::move(accepted)) {}

  std::unique_ptr<loop::FdWatch> watch;  ///< null once closed
  loop::Timer retry;
  UniqueFunction<void(UniqueFd)> on_accept;

  void wait() {
    watch->wait_readable([weak = weak_from_this()](const Result<>& ready) {
      const auto self = weak.lock();
      if (!self || !self->watch) return;
      if (!ready) {
        log::error("net", "the listener failed", {{"error", ready.error().message}});
        return;
      }
      self->accept_some();
    });
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      UniqueFd socket(accept4(watch->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (socket) {
        on_accept(std::move(socket));
        if (!watch) return;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log::warn("net",
                  "cannot accept a connection",
                  {{"error", std::generic_category().message(errno)}});
        retry.start(kPauseWithoutDescriptors, [this] { wait(); });
        return;
      } else if (errno != ECONNABORTED && errno != EINTR) {
        break;
      }
    }
    wait();
  }
};

Acceptor::Acceptor(loop::Loop& loop, UniqueFd listening, UniqueFunction<void(UniqueFd)> on_accept)
    : impl_(std::make_shared<Impl>(loop, std::move(listening), std::move(on_accept))) {
  impl_->wait();
}

Acceptor::~Acceptor() {
  impl_->retry.cancel();
  impl_->watch.reset();
}

}  // namespace engine::net
