#pragma once

#include "archive/commitment.hh"
#include "crypto/ed25519.hh"

#include <array>
#include <cstdint>

namespace engine::archive {

inline constexpr std::size_t kHeaderSize = 155;

/// The fixed part at the start of a package file.
struct Header {
  crypto::PublicKey signer = {};
  crypto::Signature signature = {};
  Commitment root = {};              ///< what the signature covers
  std::uint64_t table_position = 0;  ///< not signed; proven by the table's hash
  std::uint64_t table_size = 0;      ///< not signed; at most root.root_maxsize
};

std::array<std::byte, kHeaderSize> encode_header(const Header& header);

/// Whether a file that begins with `bytes` is a package of `version`, as far as they go.
/// ERRORS: Errc::parse_s9pk, stage header.
Result<> check_magic(ByteView bytes, unsigned version);

/// Reads the fields of the first `kHeaderSize` bytes of a file; fewer when the file is shorter.
/// Does not check the signature.
/// ERRORS: Errc::parse_s9pk, stage header. Version 1 is refused: see legacy.hh.
Result<Header> decode_header(ByteView bytes);

/// ERRORS: Errc::invalid_signature, stage signature.
Result<> verify_header(const Header& header);

}  // namespace engine::archive
