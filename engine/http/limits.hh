#pragma once

#include "base/time.hh"
#include "net/line_framer.hh"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace engine::http {

/// Bounds of one connection, and of one service. A time of 0 means for ever.
struct Limits {
  std::size_t header = 16UL << 10U;   ///< bytes of request line and headers; over it: 431
  std::size_t headers = 100;          ///< how many of them; over it: 431
  std::size_t body = 16UL << 20U;     ///< bytes of a body read whole: Handler::on_oversize
  std::size_t message = 16UL << 20U;  ///< bytes of a WebSocket message; over it: close 1009
  std::size_t half_read =
      256UL << 20U;  ///< bytes of all bodies, messages and lines not yet whole: 503, 1013, closed
  net::LineFramer::Limits framer = {};   ///< for TLS lines
  std::size_t in_flight = 64;            ///< requests handed out and not answered; reading stops
  std::size_t unsent = 1UL << 20U;       ///< bytes waiting for the peer; reading stops above
  std::size_t writable = 256UL << 10U;   ///< bytes waiting above which events and streams wait
  std::size_t per_turn = 128;            ///< requests of one connection, then others have a turn
  std::size_t read_chunk = 64UL << 10U;  ///< bytes read per connection and turn
  Milliseconds handshake{10'000};        ///< TLS handshake, from the first to the last byte
  Milliseconds header_time{10'000};      ///< from a request's first byte to its last header: 408
  Milliseconds stalled{30'000};  ///< a body, or a peer that takes no answer, without a byte moving
  std::size_t min_rate = 512;  ///< bytes a second, beyond that time; a body, message, line; 0: any
  Milliseconds idle{75'000};   ///< keep-alive without a request; not WebSocket, not lines
  Milliseconds stalled_line{10'000};  ///< a begun line without a new byte
  Milliseconds idle_lines{0};         ///< a connection of lines with nothing going on
  Milliseconds linger{2'000};         ///< after the last answer, until the peer closes
  Milliseconds ping{30'000};          ///< WebSocket: nothing sent for so long, then a ping
  Milliseconds pong{60'000};          ///< WebSocket: until its pong, else the connection is cut
  Milliseconds close{5'000};          ///< WebSocket: until the peer answers our close
  std::chrono::microseconds spin{0};  ///< poll so long after work before sleeping (burns CPU)
};

/// Whether a time limit is over that began to run at `since`.
[[nodiscard]] inline bool passed(TimePoint now, TimePoint since, Milliseconds limit) {
  return limit.count() > 0 && now - since > limit;
}

}  // namespace engine::http
