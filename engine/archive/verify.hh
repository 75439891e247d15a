#pragma once

#include "archive/archive.hh"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace engine::archive {

struct VerifyOptions {
  unsigned threads = 1;
  std::stop_token stop = {};
  /// Bytes verified so far and in all. Called from any of the threads, one at a time, never going
  /// back; the last call has both equal.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};
};

/// What `verify_all` looked at.
struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t missing = 0;
  std::uint64_t bytes = 0;  ///< hashed; a section shared by several files counts once
};

/// Reads every table and every present file of `archive` and compares all hashes: level *archive*.
/// ERRORS: as Archive::walk and Archive::verify, of the first bad file met; Errc::cancelled;
/// Errc::validate_s9pk if overlapping sections would make the work far larger than the file.
Result<VerifyReport> verify_all(const Archive& archive, const VerifyOptions& options = {});

}  // namespace engine::archive
