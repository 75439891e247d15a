#pragma once

#include "http/message.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::http {

/// How long a response's body is, and whether more responses follow.
struct Framing {
  std::optional<std::uint64_t> length = {};  ///< Content-Length; none where there is no body
  bool close = false;                        ///< Connection: close
  bool keep_alive = false;  ///< Connection: keep-alive, which HTTP/1.0 wants to hear
};

/// Appends status line and headers. A header of `response` with a line end or NUL in it, or one
/// that the session writes itself, is left out.
void write_head(std::string& out, const Response& response, const Framing& framing);
/// Whether a response of this status never has a body.
bool is_bodyless(unsigned status);

}  // namespace engine::http
