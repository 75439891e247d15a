#include "base/time.hh"

#include <fmt/format.h>

#include <ctime>

namespace engine {
namespace {

thread_local TimePoint last_reading;

}  // namespace

TimePoint read_clock() {
  return last_reading = Clock::now();
}

TimePoint recent_clock() {
  return last_reading == TimePoint{} ? read_clock() : last_reading;
}

TimePoint clock_after(TimePoint then) {
  return last_reading > then ? last_reading : read_clock();
}

std::string to_rfc3339(std::chrono::system_clock::time_point at) {
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     utc.tm_year + 1900,
                     utc.tm_mon + 1,
                     utc.tm_mday,
                     utc.tm_hour,
                     utc.tm_min,
                     utc.tm_sec,
                     millis % 1000);
}

std::string now_rfc3339() {
  return to_rfc3339(std::chrono::system_clock::now());
}

}  // namespace engine
