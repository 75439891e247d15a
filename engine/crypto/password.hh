#pragma once

#include "base/result.hh"

#include <cstddef>
#include <string>
#include <string_view>

namespace engine::crypto {

/// What one guess costs. The default is RFC 9106's low-memory profile; libsodium computes its four
/// lanes as one, which costs an attacker the same memory and more time.
struct PasswordCost {
  unsigned passes = 3;
  std::size_t memory = 64UL << 20U;  ///< bytes
};

/// Argon2id with a fresh 16-byte salt, in encoded form: `$argon2id$v=19$m=65536,t=3,p=1$…`. Slow by
/// design: for the offload pool. ERRORS: Errc::no_space when the memory cannot be had.
Result<std::string> hash_password(std::string_view password, const PasswordCost& cost = {});

/// Whether `password` is the one `encoded` was made of; any costs and lanes. As slow.
/// ERRORS: Errc::deserialization when `encoded` is no Argon2id hash.
Result<bool> verify_password(const std::string& encoded, std::string_view password);

}  // namespace engine::crypto
