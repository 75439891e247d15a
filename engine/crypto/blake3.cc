#include "crypto/blake3.hh"

#include "base/parallel.hh"
#include "crypto/blake3_tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <vector>

namespace engine::crypto {
namespace {

// Large enough to keep all SIMD lanes busy, small enough to stay in a core's own cache.
constexpr std::size_t kPieceSize = 256U << 10U;
constexpr std::size_t kPieceChunks = kPieceSize / BLAKE3_CHUNK_LEN;
// Pieces hashed before their chaining values are merged: bounds the memory for any input size.
constexpr std::size_t kWindowPieces = 4096;

using Pair = std::array<std::uint8_t, 64>;

const std::uint8_t* raw(ByteView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

blake3_hasher* hasher(std::byte* state) {
  return std::launder(reinterpret_cast<blake3_hasher*>(state));
}

const blake3_hasher* hasher(const std::byte* state) {
  return std::launder(reinterpret_cast<const blake3_hasher*>(state));
}

}  // namespace

Blake3::Blake3() {
  static_assert(sizeof(blake3_hasher) <= kStateSize && alignof(blake3_hasher) <= 8);
  blake3_hasher_init(new (state_.data()) blake3_hasher);
}

void Blake3::update(ByteView bytes) {
  blake3_hasher_update(hasher(state_.data()), bytes.data(), bytes.size());
}

Digest Blake3::digest() const {
  Digest out;
  blake3_hasher_finalize(
      hasher(state_.data()), reinterpret_cast<std::uint8_t*>(out.data()), out.size());
  return out;
}

Digest blake3(ByteView bytes) {
  Blake3 hash;
  hash.update(bytes);
  return hash.digest();
}

/// One hash whose full pieces are computed side by side and appended in order.
class Blake3Tree {
 public:
  Blake3Tree(const PieceReader& read, const HashOptions& options)
      : read_(read), options_(options), scratch_(std::max(options.threads, 1U)) {}

  Result<Digest> run(std::uint64_t size) {
    const std::uint64_t pieces = size / kPieceSize;
    for (std::uint64_t first = 0; first < pieces; first += kWindowPieces) {
      TRY(window(first,
                 static_cast<std::size_t>(std::min(pieces - first, std::uint64_t{kWindowPieces}))));
    }
    TRY(rest(pieces * kPieceSize, static_cast<std::size_t>(size % kPieceSize)));
    return hash_.digest();
  }

 private:
  Result<> window(std::uint64_t first, std::size_t count) {
    pairs_.resize(count);
    TRY(parallel_for(count, options_.threads, [&](std::size_t index, std::size_t worker) {
      return piece(first + index, pairs_[index], worker);
    }));
    for (Pair& pair : pairs_)
      engine_blake3_append(hasher(hash_.state_.data()), pair.data(), kPieceChunks);
    return {};
  }

  Result<> piece(std::uint64_t number, Pair& pair, std::size_t worker) {
    TRY_ASSIGN(const ByteView bytes, fetch(number * kPieceSize, kPieceSize, worker));
    engine_blake3_subtree(raw(bytes), bytes.size(), number * kPieceChunks, pair.data());
    if (options_.progress) options_.progress(bytes.size());
    return {};
  }

  Result<> rest(std::uint64_t offset, std::size_t length) {
    if (length == 0) return {};
    TRY_ASSIGN(const ByteView bytes, fetch(offset, length, 0));
    hash_.update(bytes);
    if (options_.progress) options_.progress(bytes.size());
    return {};
  }

  Result<ByteView> fetch(std::uint64_t offset, std::size_t length, std::size_t worker) {
    if (options_.stop.stop_requested()) return fail(Errc::cancelled, "hashing was cancelled");
    Bytes& scratch = scratch_[worker];
    if (scratch.size() < length) scratch.resize(length);
    TRY_ASSIGN(const ByteView bytes, read_(offset, MutableBytes(scratch).first(length)));
    if (bytes.size() != length) return fail(Errc::internal, "a piece reader gave a wrong length");
    return bytes;
  }

  const PieceReader& read_;
  const HashOptions& options_;
  std::vector<Bytes> scratch_;
  std::vector<Pair> pairs_;
  Blake3 hash_;
};

Result<Digest> blake3_pieces(std::uint64_t size,
                             const PieceReader& read,
                             const HashOptions& options) {
  return Blake3Tree(read, options).run(size);
}

namespace {

Result<> read_exactly(int fd, std::uint64_t offset, MutableBytes into) {
  while (!into.empty()) {
    const ssize_t got = ::pread(fd, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read");
    if (got == 0) return fail(Errc::filesystem, "the file became shorter while it was read");
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace

Result<Digest> blake3_file(int fd, const HashOptions& options) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail_errno("stat");
  if (!S_ISREG(info.st_mode)) return fail(Errc::filesystem, "not a regular file");
  const PieceReader read = [fd](std::uint64_t offset, MutableBytes scratch) -> Result<ByteView> {
    TRY(read_exactly(fd, offset, scratch));
    return ByteView(scratch);
  };
  return blake3_pieces(static_cast<std::uint64_t>(info.st_size), read, options);
}

}  // namespace engine::crypto
