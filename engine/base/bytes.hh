#pragma once

#include "base/result.hh"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
/// Accepts both cases. ERRORS: Errc::deserialization.
Result<Bytes> from_hex(std::string_view text);

/// Standard alphabet; padding as asked.
std::string to_base64(ByteView bytes, bool padded = true);
/// Standard alphabet, padding optional. ERRORS: Errc::deserialization.
Result<Bytes> from_base64(std::string_view text);

/// RFC 4648 alphabet, upper case, no padding.
std::string to_base32(ByteView bytes);

}  // namespace engine
