#pragma once

#include "base/bytes.hh"

#include <array>
#include <cstdint>
#include <optional>

namespace engine::archive {

/// 64 bits, big-endian.
std::array<std::byte, 8> encode_u64(std::uint64_t value);

/// Unsigned LEB128.
void append_varint(Bytes& out, std::uint64_t value);
std::size_t varint_length(std::uint64_t value);

/// Takes fields off the front of a byte string; never reads past its end.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  /// The next `count` bytes, or nothing if there are fewer.
  std::optional<ByteView> take(std::uint64_t count);
  std::optional<std::uint64_t> u64();
  /// Nothing unless minimal, below 2^64 and complete.
  std::optional<std::uint64_t> varint();

 private:
  ByteView rest_;
};

}  // namespace engine::archive
