#pragma once

#include "crypto/ed25519.hh"

#include <string>
#include <string_view>

namespace engine::crypto {

/// Ed25519 keys and signatures as PEM text: LF line ends, 64 characters per line.

/// `PUBLIC KEY`, SubjectPublicKeyInfo.
std::string to_pem(const PublicKey& key);
/// `SIGNATURE`: SEQUENCE of AlgorithmIdentifier and OCTET STRING.
std::string to_pem(const Signature& signature);
/// `PRIVATE KEY`, PKCS#8 version 2 with the public key. A secret: never log it.
std::string to_pem(const SigningKey& key);

/// ERRORS: Errc::pem, for all three.
Result<PublicKey> public_key_from_pem(std::string_view text);
Result<Signature> signature_from_pem(std::string_view text);
/// Takes PKCS#8 version 1 and version 2; in the latter the public key must belong to the seed.
Result<SigningKey> signing_key_from_pem(std::string_view text);

}  // namespace engine::crypto
