#pragma once

#include "base/unique_fd.hh"
#include "loop/fd_watch.hh"

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

namespace engine::net {

/// How long answers may wait for those of other connections. The first write wakes a sleeping
/// client, which costs more than all else; while it wakes up, the others find it awake.
inline constexpr std::chrono::microseconds kAnswersWait{300};

/// After how many connections it pays to look whether others have become ready meanwhile: more
/// answers for one wake-up of the client, for one system call.
inline constexpr std::size_t kLookAgain = 8;

/// Many descriptors of one loop, watched together: an edge-triggered epoll set inside the loop's
/// own. One wake-up of the loop brings all that is ready, so that a server can read all, answer
/// all, and write once. Resource type.
class Poller {
 public:
  /// `on_ready` runs once after each `arm`.
  static Result<std::unique_ptr<Poller>> open(loop::Loop& loop, UniqueFunction<void()> on_ready);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  Result<> add(int fd, std::uint32_t events, void* owner);
  Result<> modify(int fd, std::uint32_t events, void* owner);
  void remove(int fd);

  /// What has become ready since the last call. Does not wait. Valid until the next call.
  std::span<const epoll_event> collect();
  /// Asks for `on_ready` when something is ready. No effect when asked already.
  void arm();

 private:
  Poller(loop::Loop& loop, UniqueFd epoll, UniqueFunction<void()> on_ready);
  Result<> control(int operation, int fd, std::uint32_t events, void* owner) const;

  loop::FdWatch watch_;
  UniqueFunction<void()> on_ready_;
  bool armed_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::array<epoll_event, 256> events_ = {};
};

}  // namespace engine::net
