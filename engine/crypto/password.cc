#include "crypto/password.hh"

#include "crypto/sodium.hh"

#include <sodium.h>

#include <array>

namespace engine::crypto {

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  ensure_sodium();
  std::array<char, crypto_pwhash_STRBYTES> encoded{};
  const int done = ::crypto_pwhash_str_alg(encoded.data(),
                                           password.data(),
                                           password.size(),
                                           cost.passes,
                                           cost.memory,
                                           crypto_pwhash_ALG_ARGON2ID13);
  if (done != 0) return fail(Errc::no_space, "not enough memory to hash a password");
  return std::string(encoded.data());
}

Result<bool> verify_password(const std::string& encoded, std::string_view password) {
  ensure_sodium();
  const bool known = encoded.starts_with("$argon2id$") && encoded.size() < crypto_pwhash_STRBYTES &&
                     ::crypto_pwhash_str_needs_rehash(encoded.c_str(), 3, 64UL << 20U) >= 0;
  if (!known) return fail(Errc::deserialization, "the stored password is no Argon2id hash");
  return ::crypto_pwhash_str_verify(encoded.c_str(), password.data(), password.size()) == 0;
}

}  // namespace engine::crypto
