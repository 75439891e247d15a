#pragma once

#include <chrono>
#include <string>

namespace engine {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

/// Reads the clock and remembers it for this thread. A reading costs as much as a small allocation,
/// and a small request can do with one.
TimePoint read_clock();
/// What `read_clock` last said on this thread; reads the clock where it never did. For what follows
/// a reading closely.
TimePoint recent_clock();
/// The same if it is later than `then`, else a new reading.
TimePoint clock_after(TimePoint then);

/// RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.000Z.
std::string to_rfc3339(std::chrono::system_clock::time_point at);
std::string now_rfc3339();

}  // namespace engine
