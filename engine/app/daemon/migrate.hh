#pragma once

#include "base/result.hh"
#include "script/snapshot.hh"
#include "store/store.hh"

#include <filesystem>
#include <memory>
#include <string>

namespace engine::app {

/// What a new store says of its schema: that it needs none of the migrations of `scripts`.
std::string newest_schema(const script::Snapshot& scripts);

/// Runs what `store/migrations` of `scripts` has and the store has not had, each as one change
/// (`store.migrate`), after a copy of the store beside its `directory`. With `try_only` nothing is
/// changed. For a store that nobody else uses yet. Blocks. ERRORS: Errc::migration_failed naming
/// the migration and the copy; Errc::newer_format when the store has had more than the scripts
/// know; Errc::script for scripts that do not load.
Result<> migrate(store::Store& store,
                 std::shared_ptr<const script::Snapshot> scripts,
                 const std::filesystem::path& directory,
                 bool try_only);

}  // namespace engine::app
