#pragma once

#include "base/bytes.hh"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>

namespace engine::crypto {

/// 32 bytes: the output of BLAKE3 (plain, unkeyed) or SHA-256.
using Digest = std::array<std::byte, 32>;

/// Incremental BLAKE3. Value type, no allocation.
class Blake3 {
 public:
  Blake3();
  void update(ByteView bytes);
  /// The digest of all bytes so far; more may follow.
  [[nodiscard]] Digest digest() const;

 private:
  friend class Blake3Tree;
  static constexpr std::size_t kStateSize = 1912;
  alignas(8) std::array<std::byte, kStateSize> state_;
};

/// BLAKE3 of `bytes` on the calling thread.
Digest blake3(ByteView bytes);

/// How to hash a large input.
struct HashOptions {
  unsigned threads = 1;
  std::stop_token stop = {};
  /// Called with the number of bytes just hashed, from any of the threads.
  std::function<void(std::uint64_t)> progress = {};
};

/// Gives the bytes at `[offset, offset + scratch.size())`: either fills `scratch` and returns it,
/// or returns a view of the same length that outlives the call. Called from several threads at
/// once.
using PieceReader = std::function<Result<ByteView>(std::uint64_t offset, MutableBytes scratch)>;

/// BLAKE3 of `size` bytes that `read` gives piece by piece; every byte is asked for exactly once.
/// Large inputs are split at power-of-two boundaries over `options.threads` threads.
/// ERRORS: those of `read`; Errc::cancelled.
Result<Digest> blake3_pieces(std::uint64_t size,
                             const PieceReader& read,
                             const HashOptions& options = {});

/// BLAKE3 of the regular file behind `fd`, read with pread: a file that shrinks meanwhile gives an
/// error, never a signal. ERRORS: Errc::filesystem and as errno_error; Errc::cancelled.
Result<Digest> blake3_file(int fd, const HashOptions& options = {});

}  // namespace engine::crypto
