#pragma once

#include "base/result.hh"
#include "store/env.hh"
#include "store/revision.hh"

#include <filesystem>
#include <vector>

namespace engine::store {

/// Brings into the file what only the journal holds. `revisions` are those of `read_journal`.
Result<> replay(Env& env, const std::vector<RevisionPtr>& revisions);

/// The same for the store in `directory`, which nobody opens: after a crash, before its file is
/// copied. The file is read to its last page before. Does nothing if somebody has the store open,
/// who is to do it.
Result<> settle(const std::filesystem::path& directory);

}  // namespace engine::store
