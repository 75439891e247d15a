#include "crypto/ed25519.hh"

#include "crypto/random.hh"
#include "crypto/sodium.hh"

#include <decaf/ed255.h>
#include <sodium.h>

#include <cassert>

namespace engine::crypto {
namespace {

const std::uint8_t* raw(ByteView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}
std::uint8_t* raw(MutableBytes bytes) {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}
const std::uint8_t* raw(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

void prehash(decaf_ed25519_prehash_ctx_t into, ByteView message) {
  decaf_ed25519_prehash_init(into);
  decaf_ed25519_prehash_update(into, raw(message), message.size());
}

/// libdecaf multiplies by the cofactor and takes small-order points; libsodium's check refuses
/// those, points outside the prime-order subgroup and encodings that are not canonical.
bool is_good_point(ByteView encoded) {
  return ::crypto_core_ed25519_is_valid_point(raw(encoded)) == 1;
}

}  // namespace

SigningKey SigningKey::generate() {
  Seed seed;
  random_bytes(seed);
  SigningKey key(seed);
  wipe(seed);
  return key;
}

SigningKey::SigningKey(const Seed& seed) : seed_(seed) {
  decaf_ed25519_derive_public_key(raw(MutableBytes(public_key_.bytes)), raw(ByteView(seed_)));
}

SigningKey::~SigningKey() {
  wipe(seed_);
}

Signature SigningKey::sign(std::string_view context, ByteView message) const {
  assert(context.size() <= 255);
  decaf_eddsa_25519_keypair_t pair;
  decaf_ed25519_derive_keypair(pair, raw(ByteView(seed_)));
  decaf_ed25519_prehash_ctx_t hash;
  prehash(hash, message);
  Signature signature;
  decaf_ed25519_keypair_sign_prehash(raw(MutableBytes(signature)),
                                     pair,
                                     hash,
                                     raw(context),
                                     static_cast<std::uint8_t>(context.size()));
  decaf_ed25519_prehash_destroy(hash);
  decaf_ed25519_keypair_destroy(pair);
  return signature;
}

struct Verifier::Hash {
  decaf_ed25519_prehash_ctx_t state;
};

Verifier::Verifier() : hash_(std::make_unique<Hash>()) {
  decaf_ed25519_prehash_init(hash_->state);
}

Verifier::~Verifier() {
  decaf_ed25519_prehash_destroy(hash_->state);
}

void Verifier::update(ByteView piece) {
  decaf_ed25519_prehash_update(hash_->state, raw(piece), piece.size());
}

Result<> Verifier::finish(const PublicKey& key,
                          std::string_view context,
                          const Signature& signature) {
  ensure_sodium();
  if (!is_good_point(key.bytes)) {
    return fail(Errc::invalid_signature, "the signer's public key is not an acceptable point");
  }
  if (!is_good_point(ByteView(signature).first(32))) {
    return fail(Errc::invalid_signature, "the signature's R is not an acceptable point");
  }
  const auto verdict = decaf_ed25519_verify_prehash(raw(ByteView(signature)),
                                                    raw(ByteView(key.bytes)),
                                                    hash_->state,
                                                    raw(context),
                                                    static_cast<std::uint8_t>(context.size()));
  if (verdict == DECAF_SUCCESS) return {};
  return fail(Errc::invalid_signature, "the signature does not belong to this key and content");
}

Result<> verify(const PublicKey& key,
                std::string_view context,
                ByteView message,
                const Signature& signature) {
  Verifier verifier;
  verifier.update(message);
  return verifier.finish(key, context, signature);
}

}  // namespace engine::crypto
