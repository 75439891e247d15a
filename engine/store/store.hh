#pragma once

#include "base/result.hh"
#include "json/pointer.hh"
#include "json/value.hh"
#include "store/committer.hh"
#include "store/mutation.hh"
#include "store/open_snapshots.hh"
#include "store/revision.hh"
#include "store/snapshot.hh"
#include "store/watch.hh"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::store {

struct StoreOptions {
  json::Value initial = json::Object{};  ///< document of a new store
  std::string schema = {};               ///< what a new store says of its schema
  std::size_t map_size = 16UL << 30U;    ///< address space at first; grows by itself
  LogLimits log = {};
  /// Longest time a change is not in the file itself, but in the journal or, if of
  /// Durability::soon, in memory.
  std::chrono::milliseconds flush_after{10'000};
  std::size_t journal_bytes = 64UL << 10U;  ///< at first; it grows by itself. 0: no journal
  /// After it a snapshot somebody still holds is ended, so that the file does not grow for it.
  std::chrono::milliseconds snapshot_age{60'000};
};

/// Which revisions `Store::history` gives.
struct HistoryQuery {
  json::Pointer scope = {};  ///< those that touch it, something above it or something below it
  std::optional<RevisionId> since = {};  ///< those after this one
  RevisionId before = ~0ULL;             ///< those before this one
  std::size_t limit = 20;
  std::size_t max_bytes = 16UL << 20U;  ///< of their patches; one is given whatever its size
};

struct StoreStats {
  CommitterStats commits;
  RevisionId head = 0;
  RevisionId oldest = 0;  ///< first revision still in the log
  std::uint64_t log_bytes = 0;
  std::uint64_t file_bytes = 0;
};

/// One JSON document on disk with its revision log. Resource type; every method may be called on
/// any thread. Snapshots, mutations and watches end before it does.
class Store {
 public:
  using Options = StoreOptions;

  /// Opens the store in `directory`, or makes one. Proves head, id and newest log entries before
  /// anything is written.
  /// ERRORS: Errc::busy (open elsewhere, also in this process), Errc::corrupt, Errc::newer_format,
  /// Errc::no_space, Errc::read_only; each names the file and the cure. Nothing is repaired.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory,
                                             Options options = {});
  /// Whether `directory` holds a store that its last user did not close (crash or power cut), or
  /// that is in use.
  static bool is_unclean(const std::filesystem::path& directory);
  /// Commits what was handed in, flushes and marks the store as cleanly closed.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// 32 lower-case hex digits, random, made once for ever.
  [[nodiscard]] const std::string& id() const { return id_; }
  /// Names what the revision ids mean: the id, and another ending after each restored backup.
  [[nodiscard]] const std::string& history_id() const { return history_id_; }
  /// The newest visible revision.
  [[nodiscard]] RevisionId head() const;
  /// The document now. O(1), never waits for a writer.
  /// ERRORS: Errc::busy if more than a thousand snapshots are open.
  [[nodiscard]] Result<Snapshot> peek() const;
  /// A snapshot to change.
  [[nodiscard]] Result<Mutation> begin() const;
  /// Commits a change set; see Committer::submit for the errors and the thread of `done`.
  void commit(ChangeSet change,
              Durability durability,
              CommitDone done,
              const Exclusive* exclusive = nullptr);
  /// For a closure that keeps losing to others.
  void request_exclusive(ExclusiveDone done);

  /// Runs `edit` on a fresh mutation and commits it, again after each conflict, at last alone.
  /// Blocks: not for loops, and never on the commit thread.
  /// ERRORS: those of `edit`, which then changes nothing; those of `commit` but Errc::conflict.
  Result<Committed> mutate(const std::function<Result<>(Mutation&)>& edit,
                           Durability durability = Durability::durable);

  /// All revisions after `since`, oldest first, also those not yet in the file.
  /// ERRORS: Errc::not_found if the log does not reach back to it or it is yet to come.
  [[nodiscard]] Result<std::vector<RevisionPtr>> revisions_since(RevisionId since) const;

  /// What happened, newest first. Blocks for as long as the log is long: not for loops.
  [[nodiscard]] Result<std::vector<RevisionPtr>> history(const HistoryQuery& query) const;

  /// Undoes the revisions of `range` in `mutation`, which does nothing else; see store/revert.hh.
  /// Reads the log from `range.first` on.
  Result<> revert(Mutation& mutation, RevisionRange range) const;

  /// Calls back on the commit thread, in order, for each revision that touches `scope`, something
  /// above it or something below it; after the revision is visible and before its author hears of
  /// it. To follow without a gap: watch, then peek, then skip revisions up to the snapshot's.
  [[nodiscard]] Watch watch(const json::Pointer& scope, WatchRegistry::Callback callback);

  [[nodiscard]] Result<StoreStats> stats() const;

  /// JSON that scripts wrote with Mutation::set_schema: the schema the document follows. Empty:
  /// none.
  [[nodiscard]] Result<std::string> schema() const;

  /// Brings every change into the file itself, for who reads that. Blocks: not for loops.
  Result<> flush();

 private:
  Store(std::unique_ptr<Env> env, std::filesystem::path directory);
  Result<> create(const Options& options);
  Result<std::vector<RevisionPtr>> verify();
  Result<> raise_head();
  Result<> mark_running();
  Result<> load_state(const Options& options);

  std::filesystem::path directory_;
  std::unique_ptr<Env> env_;
  std::string id_;
  std::string history_id_;
  Head opened_;
  Published published_;
  std::shared_ptr<WatchRegistry> watches_;
  mutable OpenSnapshots snapshots_;
  Watch oldest_;  ///< ends old snapshots with each commit
  std::unique_ptr<Committer> committer_;
};

}  // namespace engine::store
