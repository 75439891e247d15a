#pragma once

#include <cstdint>
#include <string_view>

namespace engine::net {

/// What the first bytes of a connection begin.
enum class Beginning : std::uint8_t {
  lines,     ///< no HTTP method
  http,      ///< a method word and a space
  undecided  ///< so far a part of a method word
};

/// Tells lines of JSON from HTTP. No JSON text begins with an upper-case letter, so nothing that
/// could be a line is ever taken for HTTP.
Beginning tell_beginning(std::string_view bytes);

}  // namespace engine::net
