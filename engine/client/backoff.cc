#include "client/backoff.hh"

#include <algorithm>

namespace engine::client {

Milliseconds Backoff::next() {
  const Milliseconds delay = delay_;
  delay_ = std::min(delay_ * 2, kLongest);
  std::uniform_int_distribution<Milliseconds::rep> extra(0, delay.count() / 4);
  return delay + Milliseconds(extra(random_));
}

}  // namespace engine::client
