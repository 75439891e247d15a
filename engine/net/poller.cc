#include "net/poller.hh"

namespace engine::net {

Result<std::unique_ptr<Poller>> Poller::open(loop::Loop& loop, UniqueFunction<void()> on_ready) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("making an epoll set");
  return std::unique_ptr<Poller>(new Poller(loop, std::move(epoll), std::move(on_ready)));
}

Poller::Poller(loop::Loop& loop, UniqueFd epoll, UniqueFunction<void()> on_ready)
    : watch_(loop, std::move(epoll)), on_ready_(std::move(on_ready)) {}

Poller::~Poller() {
  *alive_ = false;
}

Result<> Poller::add(int fd, std::uint32_t events, void* owner) {
  return control(EPOLL_CTL_ADD, fd, events, owner);
}

Result<> Poller::modify(int fd, std::uint32_t events, void* owner) {
  return control(EPOLL_CTL_MOD, fd, events, owner);
}

void Poller::remove(int fd) {
  epoll_ctl(watch_.fd(), EPOLL_CTL_DEL, fd, nullptr);
}

Result<> Poller::control(int operation, int fd, std::uint32_t events, void* owner) const {
  epoll_event event = {};
  event.events = events | EPOLLET;
  event.data.ptr = owner;
  if (epoll_ctl(watch_.fd(), operation, fd, &event) != 0) return fail_errno("watching a socket");
  return {};
}

std::span<const epoll_event> Poller::collect() {
  const int count = epoll_wait(watch_.fd(), events_.data(), static_cast<int>(events_.size()), 0);
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void Poller::arm() {
  if (armed_) return;
  armed_ = true;
  watch_.wait_readable([this, alive = alive_](const Result<>&) {
    if (!*alive) return;
    armed_ = false;
    on_ready_();
  });
}

}  // namespace engine::net
