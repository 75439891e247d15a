#include "base/bytes.hh"

#include <array>

namespace engine {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Re-groups bytes into digits of `bits` bits each, most significant first, zero-filled at the end.
std::string to_digits(ByteView bytes, unsigned bits, std::string_view digits) {
  std::string out;
  out.reserve((bytes.size() * 8 + bits - 1) / bits);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (std::byte byte : bytes) {
    buffer = (buffer << 8U) | std::to_integer<std::uint32_t>(byte);
    held += 8;
    while (held >= bits) {
      held -= bits;
      out += digits[(buffer >> held) & ((1U << bits) - 1U)];
    }
    buffer &= (1U << held) - 1U;
  }
  if (held > 0) out += digits[(buffer << (bits - held)) & ((1U << bits) - 1U)];
  return out;
}

Result<Bytes> from_digits(std::string_view text,
                          unsigned bits,
                          std::string_view digits,
                          std::string_view name) {
  Bytes out;
  out.reserve(text.size() * bits / 8);
  std::uint32_t buffer = 0;
  unsigned held = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = digits.find(text[i]);
    if (digit == std::string_view::npos) {
      return fail(Errc::deserialization,
                  std::string(name) + ": unexpected character at offset " + std::to_string(i));
    }
    buffer = (buffer << bits) | static_cast<std::uint32_t>(digit);
    held += bits;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::byte>((buffer >> held) & 0xffU));
      buffer &= (1U << held) - 1U;
    }
  }
  if (held >= bits || buffer != 0) {
    return fail(Errc::deserialization, std::string(name) + ": the text is cut off");
  }
  return out;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  return to_digits(bytes, 4, kHexDigits);
}

Result<Bytes> from_hex(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return from_digits(lower, 4, kHexDigits, "hex");
}

std::string to_base64(ByteView bytes, bool padded) {
  std::string out = to_digits(bytes, 6, kBase64Digits);
  while (padded && out.size() % 4 != 0)
    out += '=';
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i)
    text.remove_suffix(1);
  return from_digits(text, 6, kBase64Digits, "base64");
}

std::string to_base32(ByteView bytes) {
  return to_digits(bytes, 5, kBase32Digits);
}

}  // namespace engine
