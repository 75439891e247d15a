#pragma once

#include "base/result.hh"
#include "crypto/ed25519.hh"

#include <filesystem>

namespace engine::crypto {

/// The private key in a PEM file that nobody but its owner may read or change.
/// ERRORS: Errc::permission_denied if group or others have any right to the file; Errc::pem; as
/// errno_error. No error holds a part of the file.
Result<SigningKey> read_key_file(const std::filesystem::path& path);

/// Makes a key and writes it to a new file of mode 0600; what is there already is never replaced.
/// Blocks until it is on the disk. ERRORS: as errno_error.
Result<PublicKey> create_key_file(const std::filesystem::path& path);

}  // namespace engine::crypto
