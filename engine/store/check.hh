#pragma once

#include "base/result.hh"
#include "store/revision.hh"

#include <cstdint>
#include <filesystem>

namespace engine::store {

/// What a thorough reading found.
struct CheckReport {
  RevisionId oldest = 0;  ///< first revision in the log
  RevisionId head = 0;
  std::uint64_t revisions = 0;       ///< in the log
  std::uint64_t entries = 0;         ///< of the document's table
  std::uint64_t document_bytes = 0;  ///< of its compact text
  std::uint64_t file_bytes = 0;
};

/// Reads every page and every entry of the store in `directory`: seals, the whole log, the whole
/// document, and that nothing lies beside it. Writes nothing; somebody else may write meanwhile.
///
/// LMDB trusts its pages: a damaged one may kill the process, so this belongs in a child whose
/// death means Errc::corrupt. ERRORS: as Store::open; Errc::corrupt says what is damaged;
/// Errc::not_found if there is no store.
Result<CheckReport> check(const std::filesystem::path& directory);

}  // namespace engine::store
