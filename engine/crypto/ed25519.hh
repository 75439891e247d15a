#pragma once

#include "base/bytes.hh"

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace engine::crypto {

/// An Ed25519 public key as it lies on the wire; not necessarily a valid point.
struct PublicKey {
  std::array<std::byte, 32> bytes = {};
  bool operator==(const PublicKey&) const = default;
};

/// An Ed25519 signature: R then S.
using Signature = std::array<std::byte, 64>;

/// An Ed25519 key pair. Value type; the secret is overwritten when it goes away.
class SigningKey {
 public:
  using Seed = std::array<std::byte, 32>;

  static SigningKey generate();
  /// `seed` is the private key of RFC 8032.
  explicit SigningKey(const Seed& seed);
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] const Seed& seed() const { return seed_; }

  /// Ed25519ph (RFC 8032 section 5.1, phflag 1) with `context`, at most 255 bytes. Deterministic.
  [[nodiscard]] Signature sign(std::string_view context, ByteView message) const;

 private:
  Seed seed_;
  PublicKey public_key_;
};

/// Checks an Ed25519ph signature strictly: key and R must be canonical points of the prime-order
/// subgroup, S reduced, the equation cofactorless. Safe on hostile input.
/// ERRORS: Errc::invalid_signature.
Result<> verify(const PublicKey& key,
                std::string_view context,
                ByteView message,
                const Signature& signature);

/// The same check of a message that comes in pieces. Single owner; one thread at a time.
class Verifier {
 public:
  Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;
  ~Verifier();

  void update(ByteView piece);
  /// Once, after the last piece. ERRORS: as `verify`.
  Result<> finish(const PublicKey& key, std::string_view context, const Signature& signature);

 private:
  struct Hash;
  std::unique_ptr<Hash> hash_;
};

}  // namespace engine::crypto
