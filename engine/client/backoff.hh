#pragma once

#include "base/time.hh"

#include <random>

namespace engine::client {

/// How long to wait before the next attempt: 50 ms, doubled each time up to 2 s, and up to a
/// quarter more by chance, so that many clients of one server do not come back at once. Value type.
class Backoff {
 public:
  static constexpr Milliseconds kFirst{50};
  static constexpr Milliseconds kLongest{2'000};

  Backoff() : random_(std::random_device{}()) {}

  [[nodiscard]] Milliseconds next();
  /// `delay` and up to a quarter more by chance.
  [[nodiscard]] Milliseconds stretch(Milliseconds delay);
  void reset() { delay_ = kFirst; }

 private:
  Milliseconds delay_ = kFirst;
  std::minstd_rand random_;
};

}  // namespace engine::client
