#include "archive/commitment.hh"

#include "archive/wire.hh"

#include <algorithm>

namespace engine::archive {

std::array<std::byte, 40> Commitment::message() const {
  std::array<std::byte, 40> out;
  std::ranges::copy(root_sighash, out.begin());
  std::ranges::copy(encode_u64(root_maxsize), out.begin() + 32);
  return out;
}

std::string Commitment::sighash_base64() const {
  return to_base64(root_sighash, false);
}

std::string Commitment::sighash_hex() const {
  return to_hex(root_sighash);
}

Result<Digest> parse_root_sighash(std::string_view text) {
  // 32 bytes are 64 hex digits, or 43 base64 digits and perhaps a padding character.
  const auto bytes = text.size() == 64 ? from_hex(text) : from_base64(text);
  if (!bytes || bytes->size() != 32) {
    return fail(Error{.code = Errc::deserialization,
                      .message = "not a root hash: \"" + std::string(text.substr(0, 80)) + "\"",
                      .hint = "give 64 hex digits or 43 characters of base64"});
  }
  Digest out;
  std::ranges::copy(*bytes, out.begin());
  return out;
}

}  // namespace engine::archive
