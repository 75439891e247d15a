#pragma once

#include "base/result.hh"
#include "store/env.hh"
#include "store/revision.hh"

#include <cstdint>
#include <filesystem>
#include <string>

namespace engine::store {

/// How big a store is, as its files say.
struct Measures {
  EnvStats file;
  std::uint64_t bytes = 0;  ///< that the file takes on the disk
  std::string id;
  std::uint64_t format = 0;
  RevisionId head = 0;    ///< newest revision, be it in the journal only
  RevisionId oldest = 0;  ///< first revision in the log
  /// Revisions still to be brought into the file; 0 while it is open.
  std::uint64_t in_journal = 0;
  std::uint64_t log_bytes = 0;
  std::string schema;  ///< as Store::schema
};

/// Counts without reading the document. Somebody else may write meanwhile. Follows pages that may
/// be damaged, so it belongs in a child, as `check` does. ERRORS: as `check`.
Result<Measures> measure(const std::filesystem::path& path);

}  // namespace engine::store
