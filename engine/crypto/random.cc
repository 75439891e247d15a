#include "crypto/random.hh"

#include "crypto/sodium.hh"

#include <sodium.h>

#include <array>

namespace engine::crypto {

void ensure_sodium() {
  // Cannot fail on a kernel with getrandom; libsodium itself aborts if it has no randomness.
  static const int ready = ::sodium_init();
  static_cast<void>(ready);
}

void random_bytes(MutableBytes into) {
  ensure_sodium();
  ::randombytes_buf(into.data(), into.size());
}

std::string make_guid() {
  std::array<std::byte, 20> bytes;
  random_bytes(bytes);
  return to_base32(bytes);
}

bool equal_secret(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  return a.empty() || ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(MutableBytes secret) {
  ::sodium_memzero(secret.data(), secret.size());
}

}  // namespace engine::crypto
