#pragma once

#include "base/time.hh"

#include <cstddef>
#include <optional>
#include <utility>

namespace engine::net {

/// Whether something that comes in parts comes fast enough on the whole: it may take `grace`, and
/// besides as long as its bytes take at `rate` bytes a second. Without it a peer that sends a byte
/// now and then holds a connection, and what it has sent, for ever. Value type, for who looks at
/// the time now and then; begins with the first look.
class Pace {
 public:
  struct Limits {
    Milliseconds grace{0};
    std::size_t rate = 0;  ///< 0: any
  };

  /// What was looked at is complete, or has not begun.
  void reset() { since_.reset(); }

  /// `bytes`: how many of it have come. `held_up`: it is we who do not read.
  bool is_too_slow(TimePoint now, std::size_t bytes, bool held_up, Limits limits) {
    const TimePoint last = std::exchange(looked_, now);
    if (limits.rate == 0) return false;
    if (!since_) since_ = now;
    if (held_up && last >= *since_) *since_ += now - last;
    const double allowed = std::chrono::duration<double>(limits.grace).count() +
                           static_cast<double>(bytes) / static_cast<double>(limits.rate);
    return std::chrono::duration<double>(now - *since_).count() > allowed;
  }

 private:
  std::optional<TimePoint> since_;
  TimePoint looked_;
};

}  // namespace engine::net
