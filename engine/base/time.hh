#pragma once

#include <chrono>
#include <string>

namespace engine {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

/// RFC 3339 in UTC with milliseconds: 2026-01-31T12:00:00.000Z.
std::string to_rfc3339(std::chrono::system_clock::time_point at);
std::string now_rfc3339();

}  // namespace engine
