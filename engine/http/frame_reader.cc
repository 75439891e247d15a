#include "http/frame_reader.hh"

#include "crypto/random.hh"

#include <algorithm>
#include <bit>
#include <cstring>

namespace engine::http {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcode = 0x0F;
constexpr std::uint8_t kFirstControl = 8;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kSize = 0x7F;
constexpr std::uint8_t kSize2 = 126;  ///< the size follows in two bytes
constexpr std::uint8_t kSize8 = 127;  ///< in eight
constexpr std::size_t kMaxControl = 125;

void append_length(std::string& out, std::size_t length, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<unsigned char>(length >> static_cast<unsigned>(shift)));
}

void append_head(std::string& out, std::uint8_t opcode, std::uint8_t masked, std::size_t size) {
  out += static_cast<char>(kFin | opcode);
  if (size < kSize2) {
    out += static_cast<char>(masked | size);
  } else if (size <= 0xFFFF) {
    out += static_cast<char>(masked | kSize2);
    append_length(out, size, 2);
  } else {
    out += static_cast<char>(masked | kSize8);
    append_length(out, size, 8);
  }
}

}  // namespace

void FrameReader::feed(std::span<char> input) {
  input_ = input;
  used_ = 0;
}

/// Reads the head of a frame into `frame_`, which becomes a part when all of it is there. False
/// when it breaks a rule.
bool FrameReader::read_head() {
  const std::span<const char> rest = input_.subspan(used_);
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  if (rest.size() < 2) return true;
  const std::uint8_t opcode = byte(0) & kOpcode;
  const std::uint8_t short_size = byte(1) & kSize;
  const bool fin = (byte(0) & kFin) != 0;
  const bool masked = (byte(1) & kMasked) != 0;
  // A client masks every frame, a server none, and extensions were not agreed on.
  if ((byte(0) & kReserved) != 0 || masked != (from_ == From::client)) return false;
  if (opcode >= kFirstControl && (!fin || short_size > kMaxControl)) return false;

  const std::size_t size_bytes = short_size == kSize2 ? 2 : short_size == kSize8 ? 8 : 0;
  const std::size_t head = 2 + size_bytes + (masked ? mask_.size() : 0);
  if (rest.size() < head) return true;
  std::uint64_t size = size_bytes == 0 ? short_size : 0;
  for (std::size_t at = 2; at < 2 + size_bytes; ++at)
    size = size << 8U | byte(at);
  // The shortest form is the only one, and the highest bit is always clear.
  if (size_bytes == 2 && size < kSize2) return false;
  if (size_bytes == 8 && (size <= 0xFFFF || size >> 63U != 0)) return false;
  if (masked) std::copy_n(rest.data() + 2 + size_bytes, mask_.size(), mask_.data());
  used_ += head;
  left_ = size;
  frame_ = {
      .event = Part::Event::part, .opcode = opcode, .fin = fin, .first = true, .frame_size = size};
  return true;
}

FrameReader::Part FrameReader::next() {
  if (frame_.event == Part::Event::need_more && !read_head()) frame_.event = Part::Event::broken;
  if (frame_.event != Part::Event::part) return frame_;
  const std::span<char> rest = input_.subspan(used_);
  const std::span<char> payload =
      rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size())));
  // A head is told without a byte of its payload: whoever minds its size need not wait for one.
  if (payload.empty() && left_ > 0 && !frame_.first) return {};
  if (from_ == From::client) mask_ = apply_mask(payload, mask_);
  used_ += payload.size();
  left_ -= payload.size();
  Part part = frame_;
  part.payload = {payload.data(), payload.size()};
  part.last = left_ == 0;
  frame_.first = false;
  if (part.last) frame_ = {};
  return part;
}

std::array<char, 4> apply_mask(std::span<char> bytes, std::array<char, 4> mask) {
  std::array<char, 8> twice{};
  for (std::size_t at = 0; at < twice.size(); ++at)
    twice[at] = mask[at % mask.size()];
  const auto wide = std::bit_cast<std::uint64_t>(twice);
  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof wide; at += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    word ^= wide;
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  for (; at < bytes.size(); ++at)
    bytes[at] = static_cast<char>(bytes[at] ^ mask[at % mask.size()]);
  std::rotate(
      mask.begin(), mask.begin() + static_cast<std::ptrdiff_t>(at % mask.size()), mask.end());
  return mask;
}

void write_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
  append_head(out, opcode, 0, payload.size());
  out += payload;
}

void write_masked_frame(std::string& out, std::uint8_t opcode, std::string_view payload) {
  std::array<char, 4> mask{};
  crypto::random_bytes(std::as_writable_bytes(std::span(mask)));
  append_head(out, opcode, kMasked, payload.size());
  out.append(mask.data(), mask.size());
  out += payload;
  apply_mask(std::span(out).last(payload.size()), mask);
}

}  // namespace engine::http
