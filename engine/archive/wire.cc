#include "archive/wire.hh"

namespace engine::archive {

std::array<std::byte, 8> encode_u64(std::uint64_t value) {
  std::array<std::byte, 8> out;
  for (std::size_t i = 0; i < 8; ++i)
    out[i] = static_cast<std::byte>(value >> (56U - 8U * i));
  return out;
}

void append_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80U) {
    out.push_back(static_cast<std::byte>((value & 0x7fU) | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<std::byte>(value));
}

std::size_t varint_length(std::uint64_t value) {
  std::size_t length = 1;
  for (; value >= 0x80U; value >>= 7U)
    ++length;
  return length;
}

std::optional<ByteView> Cursor::take(std::uint64_t count) {
  if (count > rest_.size()) return std::nullopt;
  const ByteView taken = rest_.first(static_cast<std::size_t>(count));
  rest_ = rest_.subspan(taken.size());
  return taken;
}

std::optional<std::uint64_t> Cursor::u64() {
  const auto bytes = take(8);
  if (!bytes) return std::nullopt;
  std::uint64_t value = 0;
  for (std::byte byte : *bytes)
    value = (value << 8U) | std::to_integer<std::uint64_t>(byte);
  return value;
}

std::optional<std::uint64_t> Cursor::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    const auto byte = take(1);
    if (!byte) return std::nullopt;
    const auto bits = std::to_integer<std::uint64_t>(byte->front());
    const std::uint64_t group = bits & 0x7fU;
    if (shift == 63 && group > 1) return std::nullopt;
    value |= group << shift;
    if (bits < 0x80U) {
      const bool minimal = group != 0 || shift == 0;
      return minimal ? std::optional(value) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace engine::archive
