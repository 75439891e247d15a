#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace engine::http {

/// Kinds of frames (RFC 6455, section 5.2).
namespace opcode {
constexpr std::uint8_t continuation = 0;
constexpr std::uint8_t text = 1;
constexpr std::uint8_t binary = 2;
constexpr std::uint8_t close = 8;
constexpr std::uint8_t ping = 9;
constexpr std::uint8_t pong = 10;
}  // namespace opcode

/// Why a WebSocket ends (section 7.4.1).
namespace close_code {
constexpr unsigned normal = 1000;
constexpr unsigned going_away = 1001;
constexpr unsigned protocol = 1002;
constexpr unsigned not_text = 1003;
constexpr unsigned none_given = 1005;
constexpr unsigned lost = 1006;
constexpr unsigned not_utf8 = 1007;
constexpr unsigned policy = 1008;
constexpr unsigned too_big = 1009;
constexpr unsigned try_later = 1013;
}  // namespace close_code

/// What a close frame holds: `code` and `reason`, of which nothing is said when `code` may not be
/// sent; a reason that is too long is cut between characters.
std::string close_payload(unsigned code, std::string_view reason);

/// A close frame as it was read.
struct CloseFrame {
  unsigned code = close_code::none_given;
  std::string_view reason = {};  ///< a part of what was read
  unsigned fault = 0;            ///< with what to close because it breaks a rule; 0: it does not
  std::string_view what = {};    ///< which rule
};
CloseFrame read_close(std::string_view payload);

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`.
std::string accept_of(std::string_view key);

}  // namespace engine::http
