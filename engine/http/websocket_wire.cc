#include "http/websocket_wire.hh"

#include "base/bytes.hh"

#include "http/utf8.hh"
#include <openssl/sha.h>

namespace engine::http {
namespace {

constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kMaxReason = 123;

bool may_be_sent(unsigned value) {
  return (value >= 1000 && value <= 1003) || (value >= 1007 && value <= 1014) ||
         (value >= 3000 && value <= 4999);
}

/// A reason that fits a close frame; cut between characters.
std::string_view fitting(std::string_view reason) {
  if (!is_utf8(reason)) return {};
  if (reason.size() <= kMaxReason) return reason;
  std::size_t size = kMaxReason;
  while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0U) == 0x80U)
    --size;
  return reason.substr(0, size);
}

}  // namespace

std::string close_payload(unsigned code, std::string_view reason) {
  std::string payload;
  if (!may_be_sent(code)) return payload;
  payload += static_cast<char>(static_cast<unsigned char>(code >> 8U));
  payload += static_cast<char>(static_cast<unsigned char>(code));
  payload += fitting(reason);
  return payload;
}

CloseFrame read_close(std::string_view payload) {
  if (payload.empty()) return {};
  if (payload.size() == 1) {
    return {.fault = close_code::protocol, .what = "a close frame of one byte"};
  }
  const CloseFrame frame{.code = static_cast<unsigned>(static_cast<unsigned char>(payload[0]))
                                     << 8U |
                                 static_cast<unsigned char>(payload[1]),
                         .reason = payload.substr(2)};
  if (!may_be_sent(frame.code)) {
    return {.fault = close_code::protocol, .what = "a close code that may not be sent"};
  }
  if (!is_utf8(frame.reason)) return {.fault = close_code::not_utf8, .what = "not UTF-8"};
  return frame;
}

std::string accept_of(std::string_view key) {
  const std::string text = std::string(key).append(kKeySuffix);
  unsigned char digest[SHA_DIGEST_LENGTH];
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return to_base64(std::as_bytes(std::span(digest)));
}

}  // namespace engine::http
