#pragma once

#include "base/result.hh"
#include "store/env.hh"
#include "store/revision.hh"
#include "store/state.hh"

#include <filesystem>
#include <string_view>
#include <vector>

namespace engine::store {

/// Carries out `revision`, encoded as `payload`, in the document and the log.
Result<> write_revision(const Txn& txn,
                        const Revision& revision,
                        std::string_view payload,
                        Head& head);

/// Brings into the file what only the journal holds. `revisions` are those of `read_journal`.
Result<> replay(Env& env, const std::vector<RevisionPtr>& revisions);

/// The same for the store in `directory`, which nobody opens: after a crash, before its file is
/// copied. The file is read to its last page before. Does nothing if somebody has the store open,
/// who is to do it.
Result<> settle(const std::filesystem::path& directory);

}  // namespace engine::store
