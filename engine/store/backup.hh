#pragma once

#include "base/result.hh"
#include "store/check.hh"

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace engine::store {

/// Whole stores copied. All three read pages that may be damaged, which LMDB does not survive: they
/// belong in a child, as `check` does. All block.

/// Removes what an unfinished backup, restore or compaction of `path` has left: `path.part-PID`,
/// unless its maker is still at it. Each of them begins with it.
void clear_unfinished(const std::filesystem::path& path);

/// Copies the store in `directory`, which others may be writing, to the new file `file` (mode
/// 0600). The copy has no free pages, and is checked before it gets its name in one step. With
/// `replace`, a file that is there gives way to it. What is only in memory is not in it.
/// ERRORS: Errc::duplicate if `file` exists; those of `check` and `verdict`; of writing.
Result<CheckReport> backup(const std::filesystem::path& directory,
                           const std::filesystem::path& file,
                           bool replace);

/// What a restored store replaced.
struct Restored {
  CheckReport report;          ///< of the backup
  std::filesystem::path kept;  ///< where the store before is now; empty if there was none
};

/// Puts a copy of the backup `file` in the place of the store in `directory`, in one step, after
/// checking it. The store keeps the id of the backup but gets a new history: who follows it reads
/// it anew. ERRORS: Errc::busy while somebody has the store open; those of `check` and `verdict`.
Result<Restored> restore(const std::filesystem::path& file, const std::filesystem::path& directory);

struct Compacted {
  std::uint64_t before = 0;  ///< bytes of the file
  std::uint64_t after = 0;
};

/// Writes the store in `directory` anew without its free pages. ERRORS: Errc::busy while somebody
/// has it open; those of `check` and `verdict`; the old file is in its place then.
Result<Compacted> compact(const std::filesystem::path& directory);

}  // namespace engine::store
