#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "store/mutation.hh"
#include "store/revision.hh"
#include "store/state.hh"
#include "store/touch_index.hh"
#include "store/uncommitted.hh"
#include "store/watch.hh"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace engine::store {

/// When a change counts as done.
enum class Durability : std::uint8_t {
  durable,  ///< after it has been flushed to the disk
  soon,     ///< once it is visible; it reaches the disk with the next durable change. For progress.
  filed,    ///< once it and all before it are in the store's file. For who reads that file itself.
};

/// What became of a change set.
struct Committed {
  RevisionId revision = 0;  ///< of the change; the current one if nothing changed
  bool changed = false;
};

/// Called once, on the commit thread. Must not block; hand the answer to a loop.
using CommitDone = std::function<void(Result<Committed>)>;

class Committer;

/// While it lives, only change sets that carry it are committed. Keep it for one closure.
/// Move-only.
class Exclusive {
 public:
  Exclusive(Exclusive&& other) noexcept;
  Exclusive& operator=(Exclusive&&) = delete;
  ~Exclusive();

 private:
  friend class Committer;
  Exclusive(Committer& committer, std::uint64_t ticket) : committer_(&committer), ticket_(ticket) {}
  Committer* committer_;
  std::uint64_t ticket_;
};

using ExclusiveDone = std::function<void(Result<std::shared_ptr<Exclusive>>)>;

struct CommitterStats {
  std::uint64_t transactions = 0;  ///< groups of changes made durable together, each by a flush
  std::uint64_t revisions = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t largest_batch = 0;
  std::uint64_t queued = 0;                          ///< changes that wait
  std::uint64_t pending = 0;                         ///< revisions not yet in the file
  std::chrono::system_clock::time_point flushed_at;  ///< end of the last flush; 1970: none yet
  std::chrono::nanoseconds flush_time{};             ///< what the last flush took
};

/// The one thread that changes the store: takes what has gathered since the last flush, checks it
/// against what was committed meanwhile, writes it as one transaction and answers. Resource type.
class Committer {
 public:
  /// `uncommitted` is empty. The references outlive this. Within `flush_after` every change comes
  /// into the file.
  Committer(std::unique_ptr<Uncommitted> uncommitted,
            Published& published,
            WatchRegistry& watches,
            std::chrono::milliseconds flush_after);
  /// Commits what is queued, flushes, stops. What comes later is refused with Errc::shutting_down.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Any thread. ERRORS: Errc::conflict if somebody changed meanwhile what the change set relies
  /// on: run the closure again; Errc::no_space; Errc::closed after a failed flush: the store must
  /// be opened again; Errc::shutting_down.
  void submit(ChangeSet change,
              Durability durability,
              CommitDone done,
              const Exclusive* exclusive = nullptr);
  /// The same for a caller who has nothing else to do. Blocks: never on the commit thread.
  Result<Committed> submit_and_wait(ChangeSet change,
                                    Durability durability,
                                    const Exclusive* exclusive = nullptr);
  /// Asks to be the only one; granted in order. `done` runs on the commit thread.
  void request_exclusive(ExclusiveDone done);

  /// Revisions not yet in the file, oldest first. Any thread.
  [[nodiscard]] std::vector<RevisionPtr> pending() const;
  [[nodiscard]] CommitterStats stats() const;

 private:
  friend class Exclusive;
  struct Job {
    RevisionId base = 0;
    std::vector<Footprint> seen;
    std::shared_ptr<Revision> revision;  ///< what the change would be; without id and time at first
    CommitDone done;
    std::uint64_t ticket = 0;
    Result<Committed> answer = Committed{};
    bool filed = false;
    bool accepted = false;  ///< the revision has been given an id
  };
  using Batch = std::vector<Job>;

  void run();
  [[nodiscard]] bool has_work() const;
  void take_jobs(Batch& batch);
  void grant(ExclusiveDone done);
  void release(std::uint64_t ticket);
  bool gather(Batch& batch);
  void process(Batch& batch);
  void commit(Batch& batch, bool open_ended);
  void show(Batch& batch);
  void prepare(std::span<Job> jobs);
  Result<> write(Batch& batch, bool open_ended);
  Result<> write_once(Batch& batch, bool open_ended);
  Result<> keep(bool in_file);
  void fail_all(std::span<Job> jobs, const Error& error);
  void count(std::span<const Job> jobs);
  void file_pending();

  Published& published_;
  WatchRegistry& watches_;
  const std::chrono::milliseconds flush_after_;

  // Of the commit thread alone, but for Uncommitted::pending.
  std::unique_ptr<Uncommitted> uncommitted_;
  TouchIndex touches_;      ///< of the newest revisions, to check change sets against
  RevisionId last_id_ = 0;  ///< given out last
  std::optional<Error> broken_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::deque<ExclusiveDone> exclusive_requests_;
  std::uint64_t tickets_ = 0;
  std::uint64_t active_ticket_ = 0;
  bool stopping_ = false;
  CommitterStats stats_;
  std::atomic<std::uint32_t> answered_{0};  ///< batches, for those who wait

  std::thread thread_;
};

}  // namespace engine::store
