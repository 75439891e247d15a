#include "store/committer.hh"

#include "base/log.hh"

#include <algorithm>

namespace engine::store {
namespace {

constexpr std::size_t kMaxBatch = 1024;
constexpr int kMaxGrowths = 16;

tl::unexpected<Error> conflict() {
  return fail(Error{.code = Errc::conflict,
                    .message = "somebody else has changed the same part of the store",
                    .hint = "read it again and repeat the change"});
}

}  // namespace

Exclusive::Exclusive(Exclusive&& other) noexcept
    : committer_(std::exchange(other.committer_, nullptr)), ticket_(other.ticket_) {}

Exclusive::~Exclusive() {
  if (committer_ != nullptr) committer_->release(ticket_);
}

Committer::Committer(std::unique_ptr<Uncommitted> uncommitted,
                     Published& published,
                     WatchRegistry& watches,
                     std::chrono::milliseconds flush_after)
    : published_(published),
      watches_(watches),
      flush_after_(flush_after),
      uncommitted_(std::move(uncommitted)),
      touches_(published.get()->revision),
      thread_([this] { run(); }) {}

Committer::~Committer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Committer::submit(ChangeSet change,
                       Durability durability,
                       CommitDone done,
                       const Exclusive* exclusive) {
  auto revision = std::make_shared<Revision>();
  revision->durable = durability != Durability::soon;
  revision->patch = std::move(change.patch);
  revision->text = std::move(change.text);
  revision->touched = std::move(change.touched);
  revision->taken = std::move(change.taken);
  revision->origin = std::move(change.origin);
  revision->reverts = change.reverts;
  revision->schema = std::move(change.schema);
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({.base = change.base,
                     .seen = std::move(change.seen),
                     .revision = std::move(revision),
                     .done = std::move(done),
                     .ticket = exclusive == nullptr ? 0 : exclusive->ticket_,
                     .filed = durability == Durability::filed});
  }
  wake_.notify_one();
}

/// All who wait sleep on one word, so that one call wakes a whole batch.
Result<Committed> Committer::submit_and_wait(ChangeSet change,
                                             Durability durability,
                                             const Exclusive* exclusive) {
  Result<Committed> answer;
  std::atomic<bool> done{false};
  submit(
      std::move(change),
      durability,
      [&](Result<Committed> result) {
        answer = std::move(result);
        done = true;
      },
      exclusive);
  for (std::uint32_t seen = answered_; !done; seen = answered_)
    answered_.wait(seen);
  return answer;
}

void Committer::request_exclusive(ExclusiveDone done) {
  {
    const std::lock_guard lock(mutex_);
    exclusive_requests_.push_back(std::move(done));
  }
  wake_.notify_one();
}

void Committer::release(std::uint64_t ticket) {
  {
    const std::lock_guard lock(mutex_);
    if (active_ticket_ == ticket) active_ticket_ = 0;
  }
  wake_.notify_one();
}

std::vector<RevisionPtr> Committer::pending() const {
  return uncommitted_->pending();
}

CommitterStats Committer::stats() const {
  const std::size_t pending = uncommitted_->pending_count();
  const std::lock_guard lock(mutex_);
  CommitterStats stats = stats_;
  stats.queued = jobs_.size();
  stats.pending = pending;
  return stats;
}

bool Committer::has_work() const {
  if (active_ticket_ == 0) return !jobs_.empty() || !exclusive_requests_.empty();
  return std::any_of(
      jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.ticket == active_ticket_; });
}

void Committer::take_jobs(Batch& batch) {
  for (auto job = jobs_.begin(); job != jobs_.end() && batch.size() < kMaxBatch;) {
    if (active_ticket_ != 0 && job->ticket != active_ticket_ && !stopping_) {
      ++job;
      continue;
    }
    batch.push_back(std::move(*job));
    job = jobs_.erase(job);
  }
}

/// Adds what has come since to a batch that is being written; false if nothing has. Nobody is
/// waited for: those who come later share the next flush, and make their changes during this one.
bool Committer::gather(Batch& batch) {
  const std::size_t before = batch.size();
  {
    const std::lock_guard lock(mutex_);
    take_jobs(batch);
  }
  if (batch.size() == before) return false;
  prepare(std::span(batch).subspan(before));
  return true;
}

void Committer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto ready = [&] { return stopping_ || has_work(); };
    if (const auto since = uncommitted_->since()) {
      wake_.wait_until(lock, *since + flush_after_, ready);
    } else {
      wake_.wait(lock, ready);
    }
    if (active_ticket_ == 0 && !exclusive_requests_.empty()) {
      ExclusiveDone done = std::move(exclusive_requests_.front());
      exclusive_requests_.pop_front();
      active_ticket_ = ++tickets_;
      const bool refused = stopping_;
      lock.unlock();
      if (refused) {
        done(fail(Errc::shutting_down, "the store is closing"));
        release(tickets_);
      } else {
        grant(std::move(done));
      }
      lock.lock();
      continue;
    }
    Batch batch;
    take_jobs(batch);
    const bool last = stopping_ && batch.empty();
    lock.unlock();
    if (!batch.empty()) {
      process(batch);
    } else if (!uncommitted_->empty()) {
      file_pending();
    }
    if (last) return;
    lock.lock();
  }
}

void Committer::grant(ExclusiveDone done) {
  done(std::shared_ptr<Exclusive>(new Exclusive(*this, tickets_)));
}

void Committer::process(Batch& batch) {
  last_id_ = published_.get()->revision;
  const bool durable =
      std::any_of(batch.begin(), batch.end(), [](const Job& job) { return job.revision->durable; });
  if (broken_) {
    fail_all(batch, *broken_);
  } else if (durable) {
    commit(batch, true);
  } else {
    show(batch);
  }
  count(batch);
  for (const Job& job : batch)
    if (job.accepted) watches_.notify(job.revision);
  for (Job& job : batch)
    job.done(std::move(job.answer));
  ++answered_;
  answered_.notify_all();
  uncommitted_->tidy();
}

/// Decides for each job whether it conflicts, and gives the others ids in order.
void Committer::prepare(std::span<Job> jobs) {
  const auto now = std::chrono::system_clock::now();
  for (Job& job : jobs) {
    job.answer = Committed{last_id_, false};
    job.accepted = false;
    if (job.revision->patch.empty() && !job.revision->schema) continue;
    if (touches_.disturbed(job.seen, job.base)) {
      job.answer = conflict();
      continue;
    }
    job.revision->id = ++last_id_;
    job.revision->time = now;
    touches_.add(job.revision->touched, last_id_);
    job.answer = Committed{last_id_, true};
    job.accepted = true;
  }
}

/// Commits `batch`, and what comes while it is written if it is `open_ended`.
void Committer::commit(Batch& batch, bool open_ended) {
  prepare(batch);
  const bool changes =
      std::any_of(batch.begin(), batch.end(), [](const Job& job) { return job.accepted; });
  const auto written = write(batch, open_ended && changes);
  if (written) return touches_.settle();
  last_id_ = published_.get()->revision;
  touches_.take_back();
  const bool of_one = written.error().code != Errc::no_space && !broken_;
  if (!of_one || batch.size() == 1) return fail_all(batch, written.error());
  // One of them cannot be applied: each on its own, so that only that one fails.
  for (Job& job : batch) {
    Batch one;
    one.push_back(std::move(job));
    commit(one, false);
    job = std::move(one.front());
  }
}

/// Writes what is pending and the prepared jobs; makes room in the map if need be.
Result<> Committer::write(Batch& batch, bool open_ended) {
  Result<> written = write_once(batch, open_ended);
  for (int i = 0; i < kMaxGrowths && !written && written.error().debug == kMapFull; ++i) {
    TRY(uncommitted_->grow());
    written = write_once(batch, false);
  }
  return written;
}

Result<> Committer::write_once(Batch& batch, bool open_ended) {
  std::size_t next = 0;
  do {
    for (; next < batch.size(); ++next) {
      if (!batch[next].accepted) continue;
      if (auto added = uncommitted_->add(batch[next].revision); !added) {
        uncommitted_->drop();
        return added;
      }
    }
  } while (open_ended && gather(batch));
  return keep(std::any_of(batch.begin(), batch.end(), [](const Job& job) { return job.filed; }));
}

Result<> Committer::keep(bool in_file) {
  const auto kept = uncommitted_->keep(in_file);
  if (!kept) {
    const Error& error = kept.error();
    if (uncommitted_->has_failed()) {
      log::error("store", "writing failed, no more changes are taken", {{"error", error.message}});
      broken_ =
          Error{.code = Errc::closed,
                .message = "the store takes no changes since writing failed: " + error.message,
                .hint = "check the disk, then restart the daemon"};
    }
    return fail(error);
  }
  if (kept->revisions == 0) return {};
  const std::lock_guard lock(mutex_);
  ++stats_.transactions;
  stats_.flushed_at = std::chrono::system_clock::now();
  stats_.flush_time = kept->flush_time;
  stats_.largest_batch = std::max<std::uint64_t>(stats_.largest_batch, kept->revisions);
  return {};
}

void Committer::count(std::span<const Job> jobs) {
  const std::lock_guard lock(mutex_);
  for (const Job& job : jobs) {
    if (job.accepted) ++stats_.revisions;
    if (!job.answer && job.answer.error().code == Errc::conflict) ++stats_.conflicts;
  }
}

/// Makes a batch of class `soon` visible; after a durable commit if that has to come first.
void Committer::show(Batch& batch) {
  if (!uncommitted_->may_show(batch.size())) {
    batch.front().filed = true;
    return commit(batch, true);
  }
  for (Job& job : batch) {
    prepare({&job, 1});
    if (!job.accepted) continue;
    if (auto shown = uncommitted_->show(job.revision); !shown) {
      --last_id_;
      touches_.take_back();
      fail_all({&job, 1}, shown.error());
    }
    touches_.settle();
  }
}

/// Brings into the file what nobody else does.
void Committer::file_pending() {
  if (!broken_) {
    Batch nobody(1);
    nobody.front().filed = true;
    const auto written = write(nobody, false);
    if (!written) log::error("store", "writing failed", {{"error", written.error().message}});
  }
  // Not again before the usual time, even if the disk is still full.
  uncommitted_->postpone();
  uncommitted_->tidy();
}

void Committer::fail_all(std::span<Job> jobs, const Error& error) {
  for (Job& job : jobs) {
    job.accepted = false;
    job.answer = fail(error);
  }
}

}  // namespace engine::store
