#pragma once

#include "base/result.hh"
#include "json/value.hh"
#include "store/revision.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

/// Something wrong with a store.
struct Finding {
  std::string where;  ///< "document /public/ui/theme", "log revision 12", "head", …
  std::string what;
};

/// What a thorough reading found.
struct CheckReport {
  RevisionId oldest = 0;  ///< first revision in the log
  RevisionId head = 0;
  std::uint64_t revisions = 0;       ///< in the log
  std::uint64_t in_journal = 0;      ///< after them, still to be brought into the file
  std::uint64_t entries = 0;         ///< of the document's table
  std::uint64_t document_bytes = 0;  ///< of its compact text
  std::uint64_t file_bytes = 0;
  std::vector<Finding> findings;  ///< the first kMaxFindings; empty: the store is in order
};
inline constexpr std::size_t kMaxFindings = 100;

/// [{where, what}], as verdicts and reports have them.
json::Array to_json(const std::vector<Finding>& findings);

/// Told what is being read, as a Finding's `where` says it, before it is.
using CheckProgress = std::function<void(std::string_view)>;

/// Reads every page and every entry of a store: seals, the whole log, the whole document, and that
/// nothing lies beside it. `path` is the directory of a store or the file of a backup. Writes
/// nothing; somebody else may write meanwhile.
///
/// LMDB trusts its pages: a damaged one may kill the process, so this belongs in a child whose
/// death means Errc::corrupt. ERRORS: as Store::open; Errc::not_found if there is no store.
Result<CheckReport> check(const std::filesystem::path& path, const CheckProgress& progress = {});

/// The findings as one Errc::corrupt, all of them in `info`; nothing if there are none.
Result<> verdict(const CheckReport& report, const std::filesystem::path& path);

}  // namespace engine::store
