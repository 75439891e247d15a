#pragma once

#include "base/time.hh"
#include "base/unique_fd.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <deque>
#include <string_view>

namespace engine::net {

/// Tells connections that nobody takes why, and closes them. A socket that is closed while it holds
/// unread bytes is reset, and its peer may never read what it was told: so it stays open for a
/// moment. Resource type; lives on one loop.
class Refuser {
 public:
  /// Sockets kept open at once; more are closed at once.
  static constexpr std::size_t kMost = 256;
  static constexpr Milliseconds kMoment{1'000};

  explicit Refuser(loop::Loop& loop) : timer_(loop) {}

  /// Sends `last_words`, which should be short: what the socket does not take at once is lost.
  void refuse(UniqueFd socket, std::string_view last_words);

 private:
  void let_go();

  struct Leaving {
    UniqueFd socket;
    TimePoint until;
  };
  std::deque<Leaving> leaving_;  ///< the first to go in front
  loop::Timer timer_;
};

}  // namespace engine::net
