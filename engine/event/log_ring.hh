#pragma once

#include "event/ring.hh"

#include <span>

namespace engine::event {

/// What the ring of log lines keeps.
constexpr RingLimits kLogLimits{.events = 16'384, .bytes = 16UL << 20U};
/// Bytes of a message; a longer one is several lines with "part" and "parts".
constexpr std::size_t kLongestLine = 16UL << 10U;

/// Publishes a log line as events of type "log" with {"message", "fields"?, "part"?, "parts"?} as
/// data; a target "service.ID" names the package. What is no UTF-8 is replaced. `aside`: see
/// Event::aside.
void publish_line(Ring& ring,
                  log::Level level,
                  std::string_view target,
                  std::string_view message,
                  std::span<const log::Field> fields = {},
                  bool aside = false);

}  // namespace engine::event
