#pragma once

#include "base/bytes.hh"
#include "crypto/blake3.hh"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace engine::archive {

using crypto::Digest;

/// What a registry stores and signs about a package: it fixes every byte that can be read from it.
struct Commitment {
  Digest root_sighash = {};        ///< hash of the root directory
  std::uint64_t root_maxsize = 0;  ///< bound on the stored root table, in bytes

  /// The 40 bytes a signature covers.
  [[nodiscard]] std::array<std::byte, 40> message() const;
  /// As commitments are written in JSON: base64 without padding.
  [[nodiscard]] std::string sighash_base64() const;
  [[nodiscard]] std::string sighash_hex() const;

  bool operator==(const Commitment&) const = default;
};

/// The context string of package signatures.
inline constexpr std::string_view kSignatureContext = "s9pk";

/// Reads a root hash given as hex or as base64 with or without padding.
/// ERRORS: Errc::deserialization.
Result<Digest> parse_root_sighash(std::string_view text);

}  // namespace engine::archive
