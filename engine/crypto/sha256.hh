#pragma once

#include "crypto/blake3.hh"

namespace engine::crypto {

/// SHA-256 of `bytes`.
Digest sha256(ByteView bytes);

}  // namespace engine::crypto
