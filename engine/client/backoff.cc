#include "client/backoff.hh"

#include <algorithm>
#include <utility>

namespace engine::client {

Milliseconds Backoff::next() {
  return stretch(std::exchange(delay_, std::min(delay_ * 2, kLongest)));
}

Milliseconds Backoff::stretch(Milliseconds delay) {
  std::uniform_int_distribution<Milliseconds::rep> extra(0, delay.count() / 4);
  return delay + Milliseconds(extra(random_));
}

}  // namespace engine::client
