#pragma once

#include "base/result.hh"
#include "store/env.hh"
#include "store/layered.hh"
#include "store/revision.hh"

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace engine::store {

/// Format of the tables; raised when an older program could not read them.
inline constexpr std::uint64_t kFormat = 2;

/// The counters of the store, kept in one entry of table `meta`.
struct Head {
  RevisionId revision = 0;  ///< last revision in the file
  RevisionId reserved = 0;  ///< ids up to this may have been given out; 0: none beyond `revision`
  RevisionId oldest = 0;    ///< first revision still in the log
  std::uint64_t log_bytes = 0;
  std::uint64_t next_container = 1;
  std::uint64_t journal = 0;  ///< 1: later revisions may be in the journal, which must be there
};

struct Identity {
  std::array<std::byte, 16> id{};
  /// Made anew when a backup is restored: from there on the same revision ids mean other changes.
  std::array<std::byte, 8> history{};
  std::uint64_t format = kFormat;
};

Result<Head> load_head(const Txn& txn);
Result<> save_head(const Txn& txn, const Head& head);
/// ERRORS: Errc::corrupt, Errc::newer_format, Errc::version_incompatible for an older format.
Result<Identity> load_identity(const Txn& txn);
Result<> save_identity(const Txn& txn, const Identity& identity);

/// What scripts wrote down of the schema of the document; empty in a store nobody migrated.
Result<std::string> load_schema(const Txn& txn);
Result<> save_schema(const Txn& txn, std::string_view text);

/// What readers see: the file as of one LMDB transaction, and what is not yet in the file.
struct State {
  std::uint64_t txn_id = 0;  ///< the pending edits lie over the file as of this transaction
  RevisionId in_file = 0;    ///< last revision in the file
  RevisionId revision = 0;   ///< last revision
  NodePtr pending;           ///< edits of the revisions in between
};
using StatePtr = std::shared_ptr<const State>;

/// The current State. Any thread.
class Published {
 public:
  [[nodiscard]] StatePtr get() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  /// Gives the one before: to free what only it holds takes its time.
  [[nodiscard]] StatePtr exchange(StatePtr state) {
    const std::lock_guard lock(mutex_);
    return std::exchange(state_, std::move(state));
  }

 private:
  mutable std::mutex mutex_;
  StatePtr state_;
};

}  // namespace engine::store
