#pragma once

#include "base/time.hh"
#include "event/job_records.hh"
#include "event/ring.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::event {

enum class JobState : std::uint8_t { running, succeeded, failed, cancelled };

/// A job as it was at one moment. Value type.
struct JobSnapshot {
  std::string id;
  std::string kind;    ///< "package.install"
  std::string target;  ///< what it works on, e.g. a package id; may be empty
  std::string title;   ///< for people; may be empty
  JobState state = JobState::running;
  bool cancelling = false;          ///< asked to stop, still running
  std::string progress = "null";    ///< progress value as in the reference: null, false, true,
                                    ///< {done,total,units} or {overall,phases}
  std::string result = "null";      ///< JSON, once succeeded
  std::optional<Error> error = {};  ///< once failed or cancelled
  std::string created = {};         ///< RFC 3339
  std::string ended = {};           ///< RFC 3339; empty while running

  [[nodiscard]] bool is_running() const { return state == JobState::running; }
  /// {"id","kind","target","title","state","cancelling","progress","result","error","created",
  /// "ended"}; absent values are null.
  [[nodiscard]] std::string to_json() const;
};

class JobTable;

/// The right to report about one job. Move-only, thread-safe with respect to the table; destroyed
/// before the job was ended, the job fails as `cancelled`.
class Job {
 public:
  Job(JobTable& table, std::string id) : table_(&table), id_(std::move(id)) {}
  Job(Job&& other) noexcept : table_(std::exchange(other.table_, nullptr)), id_(other.id_) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  Job& operator=(Job&&) = delete;
  ~Job();

  [[nodiscard]] const std::string& id() const { return id_; }
  /// `tree` is JSON (see JobSnapshot::progress). Published at most ten times a second.
  void progress(std::string tree);
  /// These end the job; what comes after the first is ignored. `result` is JSON.
  void finish(std::string result = "null");
  /// An error of kind cancelled makes the state `cancelled`.
  void fail(Error error);
  /// Whether someone asked for its end.
  [[nodiscard]] bool cancelled() const;
  /// `hook` runs once, on the thread that cancels; at once when that has happened already.
  void on_cancel(std::function<void()> hook);

 private:
  JobTable* table_;
  std::string id_;
};

/// All jobs of the process: those that run, and the last that ended. Every change is an event of
/// type "job" whose data is the snapshot. Resource type, thread-safe.
class JobTable {
 public:
  static constexpr std::size_t kHistory = 256;
  using Ended = std::function<void(const JobSnapshot&)>;
  using Begun = std::function<void(Result<Job>)>;

  /// `ring` outlives the table, the table outlives its jobs.
  explicit JobTable(Ring& ring, std::size_t history = kHistory) : ring_(ring), history_(history) {}
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  /// Jobs that begin from here on are written down in `records`, which outlives the table or is
  /// taken away with null: what ends after that stays written down as running.
  void keep_in(JobRecords* records);
  /// A job in memory alone.
  Job create(std::string kind, std::string target = {}, std::string title = {});
  /// A job that is written down, if that is done here, before `begun` runs: once, on any thread,
  /// perhaps before this returns. ERRORS: those of the records.
  void begin(std::string kind, std::string target, std::string title, Begun begun);
  /// Takes up a job of an earlier life, which has ended; no event. Before any other job.
  void restore(JobSnapshot ended);
  /// Publishes a job as it is once more. No effect if there is none.
  void announce(std::string_view id);
  /// Oldest first.
  [[nodiscard]] std::vector<JobSnapshot> list() const;
  /// ERRORS: Errc::not_found.
  [[nodiscard]] Result<JobSnapshot> get(std::string_view id) const;
  /// `ended` runs once when the job has ended, on that thread, or before this returns: it should
  /// only post. Returns a number for `forget`. ERRORS: Errc::not_found.
  Result<std::uint64_t> wait(std::string_view id, Ended ended);
  /// The waiter will not run any more (if it has not begun).
  void forget(std::string_view id, std::uint64_t waiter);
  /// Asks a job to end; no effect when it has. ERRORS: Errc::not_found.
  Result<> cancel(std::string_view id);

 private:
  friend class Job;
  struct Entry {
    JobSnapshot snapshot;
    std::vector<std::pair<std::uint64_t, Ended>> waiters;
    std::vector<std::function<void()>> cancel_hooks;
    TimePoint published;
  };

  Job add(JobSnapshot fresh);
  void count_ended(const std::string& id);
  Entry* find(std::string_view id);
  [[nodiscard]] const Entry* find(std::string_view id) const;
  void publish(const JobSnapshot& snapshot);
  void set_progress(const std::string& id, std::string tree);
  void end(const std::string& id, const std::function<void(JobSnapshot&)>& settle);
  void add_cancel_hook(const std::string& id, std::function<void()> hook);

  Ring& ring_;
  std::size_t history_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> order_;  ///< ids, oldest first
  std::deque<std::string> ended_;  ///< ids, oldest end first
  std::uint64_t last_waiter_ = 0;
  JobRecords* records_ = nullptr;
};

}  // namespace engine::event
