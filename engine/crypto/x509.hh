#pragma once

#include "base/result.hh"

#include <filesystem>
#include <string>

namespace engine::crypto {

/// What a TLS server shows and proves: a certificate chain and its private key, both PEM.
struct Identity {
  std::string certificate;
  std::string key;  ///< a secret: never log it
};

/// A new self-signed identity: EC P-256, valid for 10 years, for `host_name`, localhost, 127.0.0.1
/// and ::1. ERRORS: Errc::openssl.
Result<Identity> make_identity(const std::string& host_name);

/// The identity kept in `directory` (tls.crt and tls.key, the latter mode 0600); made there with
/// this machine's name when neither file is there.
///
/// ERRORS: Errc::pem: a file is damaged, one of the two is missing, they do not belong together, or
/// the certificate has expired; the hint says what to do. Errc::filesystem and its like;
/// Errc::openssl.
Result<Identity> load_or_make_identity(const std::filesystem::path& directory);

}  // namespace engine::crypto
