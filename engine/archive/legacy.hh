#pragma once

#include "archive/sink.hh"
#include "archive/source.hh"
#include "crypto/blake3.hh"
#include "crypto/ed25519.hh"
#include "json/value.hh"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace engine::archive {

/// One part of a package of version 1.
struct LegacySection {
  std::string label;  ///< `manifest`, `license`, …
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  crypto::Digest hash = {};  ///< BLAKE3, taken while the signature was checked
};

struct LegacyOptions {
  std::stop_token stop = {};
  /// Bytes read so far and in all.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
};

/// A package file of version 1: a signed run of sections, to be shown and converted.
///
/// The signature covers all that comes after the table, so `open` reads the file to its end; what a
/// section gives later has to be what was read then. The table itself is not signed: which bytes
/// are the licence and which the manifest is not proven by anything.
///
/// Resource type; any thread.
class LegacyPackage {
 public:
  /// ERRORS: Errc::parse_s9pk, Errc::invalid_signature, Errc::validate_s9pk with stage and place;
  /// those of the source; Errc::cancelled.
  static Result<std::shared_ptr<const LegacyPackage>> open(std::shared_ptr<const ByteSource> source,
                                                           const LegacyOptions& options = {});

  [[nodiscard]] const crypto::PublicKey& signer() const { return signer_; }
  [[nodiscard]] std::uint64_t size() const { return source_->size(); }
  /// In the order of their places. Those a package must have are there.
  [[nodiscard]] const std::vector<LegacySection>& sections() const { return sections_; }
  [[nodiscard]] const json::Value& manifest() const { return manifest_; }

  /// Copies a section, verifying it on the way. ERRORS: Errc::not_found; Errc::validate_s9pk if the
  /// file was changed since; those of source and sink; Errc::cancelled.
  Result<> copy(std::string_view label, ByteSink& into, const std::stop_token& stop = {}) const;

 private:
  explicit LegacyPackage(std::shared_ptr<const ByteSource> source) : source_(std::move(source)) {}

  [[nodiscard]] const LegacySection* find(std::string_view label) const;
  Result<> read_manifest();

  std::shared_ptr<const ByteSource> source_;
  crypto::PublicKey signer_;
  std::vector<LegacySection> sections_;
  json::Value manifest_;
};

}  // namespace engine::archive
