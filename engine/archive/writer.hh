#pragma once

#include "archive/commitment.hh"
#include "archive/layout.hh"
#include "archive/sink.hh"
#include "archive/tree.hh"
#include "crypto/ed25519.hh"

#include <filesystem>
#include <functional>
#include <stop_token>

namespace engine::archive {

struct WriteOptions {
  Order order = Order::priority;
  unsigned threads = 1;
  std::stop_token stop = {};
  /// Bytes of content written so far and in all; as in VerifyOptions.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
};

/// Writes `tree` as a package signed with `key`. Content is read once: the bytes that are hashed
/// are the bytes that are written. The header comes last, so what a failure leaves is no package.
/// ERRORS: Errc::pack if the result could not be read again (too many entries, a root table above
/// 1 MiB); those of sources and sink; Errc::cancelled.
Result<Commitment> write_archive(const Tree& tree,
                                 const crypto::SigningKey& key,
                                 ByteSink& sink,
                                 const WriteOptions& options = {});

/// The same into a file that replaces `path` only when it is complete.
Result<Commitment> write_archive_file(const Tree& tree,
                                      const crypto::SigningKey& key,
                                      const std::filesystem::path& path,
                                      const WriteOptions& options = {});

}  // namespace engine::archive
