#pragma once

#include "base/result.hh"
#include "loop/completion.hh"

#include <cstdint>
#include <string_view>

namespace engine::client {

using SubscriptionId = std::uint64_t;

/// Where a subscription begins; at most one is set. Neither: with what happens from now on.
struct SubscribeFrom {
  std::uint64_t since_seq = 0;    ///< with what came after this event
  std::uint32_t replay_last = 0;  ///< with this many events that have been already
  std::string store = {};         ///< whose numbers these are, as the server called it
};

/// What a subscription tells its consumer. Views die with the call.
struct Notice {
  enum class Kind : std::uint8_t {
    event,
    gap,     ///< events are missing: look at the state again
    lagged,  ///< `dropped` events are missing, because we read too slowly
    ended,   ///< the server refused the subscription, or the client was closed; the last notice
  };
  Kind kind = Kind::event;
  std::uint64_t seq = 0;
  std::string_view event = {};  ///< JSON text
  std::uint64_t dropped = 0;
  Error error = {};  ///< why it ended
};

using OnNotice = UniqueFunction<void(const Notice&)>;

}  // namespace engine::client
