#include "crypto/sha256.hh"

#include "crypto/sodium.hh"

#include <sodium.h>

namespace engine::crypto {

Digest sha256(ByteView bytes) {
  ensure_sodium();
  Digest out;
  ::crypto_hash_sha256(reinterpret_cast<unsigned char*>(out.data()),
                       reinterpret_cast<const unsigned char*>(bytes.data()),
                       bytes.size());
  return out;
}

}  // namespace engine::crypto
