#pragma once

#include "event/job_records.hh"
#include "event/job_table.hh"
#include "store/store.hh"

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace engine::app {

/// Which jobs run, in the store below `/private/jobs`: `{kind, target, title, created}` by id, gone
/// when the job ends. What a life of the daemon leaves there has been cut short; it gets an `ended`
/// and stays, so that who asks for it after yet another restart hears the same.
/// Resource type, thread-safe; closed before the store is, and destroyed after it.
class StoredJobs final : public event::JobRecords {
 public:
  /// Records of cut jobs that are kept; the oldest go.
  static constexpr std::size_t kKept = 64;

  /// Puts the jobs that were cut short into `jobs`, failed with Errc::daemon_restarted. Blocks.
  StoredJobs(store::Store& store, event::JobTable& jobs);
  ~StoredJobs() override = default;
  StoredJobs(const StoredJobs&) = delete;
  StoredJobs& operator=(const StoredJobs&) = delete;

  /// An event for each job that the last life left running.
  void announce();
  /// Jobs that run now are cut short: their records stay whatever becomes of them.
  void close();

  void begin(const event::JobSnapshot& job, Written written) override;
  void end(std::string_view id) override;

 private:
  using Edit = std::function<Result<>(store::Mutation&)>;
  Result<> settle();
  void change(Edit edit, Written written);

  store::Store& store_;
  event::JobTable& jobs_;
  std::atomic<bool> closed_{false};
  std::vector<std::string> cut_;  ///< ids of those the last life left
};

}  // namespace engine::app
