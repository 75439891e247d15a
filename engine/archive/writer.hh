#pragma once

#include "archive/archive.hh"
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

/// A signature as it lies in the header.
struct Seal {
  crypto::PublicKey signer = {};
  crypto::Signature signature = {};
};

/// Gives the seal of what was just written.
using Sealer = std::function<Result<Seal>(const Commitment& written)>;

/// Signs with `key`.
Sealer seal_with(const crypto::SigningKey& key);
/// Keeps the seal of `archive`; Errc::pack if something else than that was written.
Sealer keep_seal(const Archive& archive);
/// Leaves the place of the signature empty, for `seal_file`.
Sealer no_seal();

/// Writes `tree` as a package. Content is read once: the bytes that are hashed
/// are the bytes that are written. The header comes last, so what a failure leaves is no package.
/// ERRORS: Errc::pack if the result could not be read again (too many entries, a root table above
/// 1 MiB); Errc::validate_s9pk if content is not as expected; those of sources and sink;
/// Errc::cancelled.
Result<Commitment> write_archive(const Tree& tree,
                                 const Sealer& seal,
                                 ByteSink& sink,
                                 const WriteOptions& options = {});

/// The same into a file that replaces `path` only when it is complete.
Result<Commitment> write_archive_file(const Tree& tree,
                                      const Sealer& seal,
                                      const std::filesystem::path& path,
                                      const WriteOptions& options = {});

/// Puts a signature made elsewhere into the header of a package file that has none yet.
/// ERRORS: Errc::invalid_signature if it does not belong to the file; as errno_error.
Result<> seal_file(const std::filesystem::path& path, const Seal& seal);

}  // namespace engine::archive
