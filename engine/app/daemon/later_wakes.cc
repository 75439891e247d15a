#include "app/daemon/later_wakes.hh"

#include <algorithm>
#include <utility>

namespace engine::app {

struct LaterWakes::State {
  State(loop::Loop& loop, std::function<void(std::uint64_t)> wake_with)
      : timer(loop), wake(std::move(wake_with)) {}

  void arm() {
    if (due.empty()) return;
    const auto left = std::chrono::ceil<Milliseconds>(due.begin()->first - Clock::now());
    timer.start(std::max(left, Milliseconds(0)), [this] { fire(); });
  }

  void fire() {
    const auto later = due.upper_bound(Clock::now());
    for (auto at = due.begin(); at != later; at = due.erase(at))
      wake(at->second);
    arm();
  }

  loop::Timer timer;
  std::function<void(std::uint64_t)> wake;
  std::multimap<TimePoint, std::uint64_t> due;
};

LaterWakes::LaterWakes(loop::Loop& loop, std::function<void(std::uint64_t)> wake)
    : loop_(loop), state_(std::make_shared<State>(loop, std::move(wake))) {}

LaterWakes::~LaterWakes() = default;

void LaterWakes::add(std::uint64_t connection, Milliseconds delay) {
  loop_.post([weak = std::weak_ptr(state_), connection, at = Clock::now() + delay] {
    const auto state = weak.lock();
    if (!state) return;
    const auto added = state->due.emplace(at, connection);
    if (added == state->due.begin()) state->arm();
  });
}

}  // namespace engine::app
