#pragma once

#include "base/bytes.hh"

#include <string>

namespace engine::crypto {

/// Fills `into` from the kernel's generator. Any thread; cannot fail.
void random_bytes(MutableBytes into);

/// A new identifier: 20 random bytes in upper-case base32, 32 characters.
std::string make_guid();

/// Compares without revealing through time where two values differ. Lengths are not secret.
bool equal_secret(ByteView a, ByteView b);

/// Overwrites `secret` in a way the optimiser keeps.
void wipe(MutableBytes secret);

}  // namespace engine::crypto
