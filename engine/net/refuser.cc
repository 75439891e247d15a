#include "net/refuser.hh"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace engine::net {

void Refuser::refuse(UniqueFd socket, std::string_view last_words) {
  (void)::send(socket.get(), last_words.data(), last_words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (leaving_.size() >= kMost) return;
  ::shutdown(socket.get(), SHUT_WR);
  leaving_.push_back({std::move(socket), Clock::now() + kMoment});
  if (leaving_.size() == 1) timer_.start(kMoment, [this] { let_go(); });
}

void Refuser::let_go() {
  const TimePoint now = Clock::now();
  while (!leaving_.empty() && leaving_.front().until <= now)
    leaving_.pop_front();
  if (leaving_.empty()) return;
  const auto rest = std::chrono::ceil<Milliseconds>(leaving_.front().until - now);
  timer_.start(rest, [this] { let_go(); });
}

}  // namespace engine::net
