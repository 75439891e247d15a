#include "store/committer.hh"

#include "base/log.hh"
#include "store/document_writer.hh"
#include "store/layered.hh"

#include <algorithm>

namespace engine::store {
namespace {

constexpr std::size_t kMaxBatch = 1024;
constexpr std::size_t kMaxRecent = 8192;
constexpr std::size_t kMaxPendingBytes = 8UL << 20U;
constexpr std::size_t kTrimPerRevision = 4;
constexpr RevisionId kReserve = 2 * Committer::kMaxPending;
constexpr int kMaxGrowths = 16;

tl::unexpected<Error> conflict() {
  return fail(Error{.code = Errc::conflict,
                    .message = "somebody else has changed the same part of the store",
                    .hint = "read it again and repeat the change"});
}

}  // namespace

/// Changes that readers see but the file does not hold, over the file as it was when they began.
struct Committer::Pending {
  explicit Pending(ReadTxn read) : txn(std::move(read)), document(txn.txn()), view(document) {}

  ReadTxn txn;
  Document document;
  View view;
  std::size_t bytes = 0;
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
};

Exclusive::Exclusive(Exclusive&& other) noexcept
    : committer_(std::exchange(other.committer_, nullptr)), ticket_(other.ticket_) {}

Exclusive::~Exclusive() {
  if (committer_ != nullptr) committer_->release(ticket_);
}

Committer::Committer(
    Env& env, Published& published, WatchRegistry& watches, Head head, Options options)
    : env_(env),
      published_(published),
      watches_(watches),
      options_(options),
      head_(head),
      recent_floor_(head.revision),
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
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({.change = std::move(change),
                     .durability = durability,
                     .done = std::move(done),
                     .ticket = exclusive == nullptr ? 0 : exclusive->ticket_});
  }
  wake_.notify_one();
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
  const std::lock_guard lock(mutex_);
  return pending_;
}

CommitterStats Committer::stats() const {
  const std::lock_guard lock(mutex_);
  CommitterStats stats = stats_;
  stats.queued = jobs_.size();
  return stats;
}

bool Committer::has_work() const {
  if (active_ticket_ == 0) return !jobs_.empty() || !exclusive_requests_.empty();
  return std::any_of(
      jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.ticket == active_ticket_; });
}

Committer::Batch Committer::take_batch() {
  Batch batch;
  for (auto job = jobs_.begin(); job != jobs_.end() && batch.size() < kMaxBatch;) {
    if (active_ticket_ != 0 && job->ticket != active_ticket_ && !stopping_) {
      ++job;
      continue;
    }
    batch.push_back(std::move(*job));
    job = jobs_.erase(job);
  }
  return batch;
}

void Committer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto ready = [&] { return stopping_ || has_work(); };
    if (layer_ != nullptr) {
      wake_.wait_until(lock, layer_->since + options_.flush_after, ready);
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
    Batch batch = take_batch();
    const bool last = stopping_ && batch.empty();
    lock.unlock();
    if (!batch.empty()) {
      process(std::move(batch));
    } else if (layer_ != nullptr) {
      flush_pending();
    }
    if (last) return;
    lock.lock();
  }
}

void Committer::grant(ExclusiveDone done) {
  done(std::shared_ptr<Exclusive>(new Exclusive(*this, tickets_)));
}

void Committer::process(Batch batch) {
  const bool durable = std::any_of(batch.begin(), batch.end(), [](const Job& job) {
    return job.durability == Durability::durable;
  });
  if (broken_) {
    fail_all(batch, *broken_);
  } else if (durable) {
    commit(batch);
  } else {
    commit_in_memory(batch);
  }
  for (const Job& job : batch) {
    if (job.revision != nullptr && job.answer) watches_.notify(job.revision);
  }
  for (Job& job : batch)
    job.done(std::move(job.answer));
}

/// Decides for each job whether it conflicts, and gives the others ids in order.
void Committer::prepare(std::span<Job> jobs) {
  const auto now = std::chrono::system_clock::now();
  RevisionId last = published_.get()->revision;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Job& job = jobs[i];
    job.revision = nullptr;
    job.answer = Committed{last, false};
    if (job.change.patch.empty()) continue;
    if (conflicts(job.change, jobs.first(i))) {
      job.answer = conflict();
      continue;
    }
    auto revision = std::make_shared<Revision>();
    revision->id = ++last;
    revision->time = now;
    revision->durable = job.durability == Durability::durable;
    revision->patch = job.change.patch;
    revision->text = job.change.text;
    revision->touched = job.change.touched;
    job.answer = Committed{last, true};
    job.revision = std::move(revision);
  }
}

bool Committer::conflicts(const ChangeSet& change, std::span<const Job> earlier) const {
  if (change.base < recent_floor_) return true;
  const auto disturbed = [&](const std::vector<Touch>& touched) {
    return std::any_of(touched.begin(), touched.end(), [&](const Touch& touch) {
      return std::any_of(change.seen.begin(), change.seen.end(), [&](const Footprint& seen) {
        return disturbs(touch, seen);
      });
    });
  };
  for (auto revision = recent_.rbegin(); revision != recent_.rend(); ++revision) {
    if ((*revision)->id <= change.base) break;
    if (disturbed((*revision)->touched)) return true;
  }
  return std::any_of(earlier.begin(), earlier.end(), [&](const Job& job) {
    return job.revision != nullptr && disturbed(job.revision->touched);
  });
}

void Committer::commit(std::span<Job> jobs) {
  prepare(jobs);
  const bool changes =
      std::any_of(jobs.begin(), jobs.end(), [](const Job& job) { return job.revision != nullptr; });
  if (!changes && layer_ == nullptr) return;
  const auto written = write(jobs);
  if (written) {
    remember(jobs);
    return;
  }
  const bool of_one = written.error().code != Errc::no_space && !broken_;
  if (of_one && jobs.size() > 1) {
    // One of them cannot be applied: each on its own, so that only that one fails.
    for (std::size_t i = 0; i < jobs.size(); ++i)
      commit(jobs.subspan(i, 1));
    return;
  }
  fail_all(jobs, written.error());
}

/// Writes what is pending and the prepared jobs; makes room in the map if need be.
Result<> Committer::write(std::span<const Job> jobs) {
  Result<> written = write_once(jobs);
  for (int i = 0; i < kMaxGrowths && !written && written.error().debug == kMapFull; ++i) {
    // The layer reads through a transaction that would keep the map from growing.
    const std::vector<RevisionPtr> kept = pending();
    const bool had_layer = layer_ != nullptr;
    const NodePtr edits = had_layer ? layer_->view.freeze() : nullptr;
    const std::size_t bytes = had_layer ? layer_->bytes : 0;
    layer_.reset();
    const Result<> grown = env_.grow();
    if (had_layer) {
      TRY_ASSIGN(ReadTxn txn, env_.read());
      layer_ = std::make_unique<Pending>(std::move(txn));
      layer_->view.restore(edits);
      layer_->bytes = bytes;
    }
    TRY(grown);
    written = write_once(jobs);
  }
  return written;
}

Result<> Committer::write_once(std::span<const Job> jobs) {
  TRY_ASSIGN(WriteTxn txn, env_.write());
  Head head = head_;
  const std::vector<RevisionPtr> earlier = pending();
  for (const RevisionPtr& revision : earlier)
    TRY(write_revision(txn.txn(), *revision, head));
  std::size_t count = earlier.size();
  for (const Job& job : jobs) {
    if (job.revision == nullptr) continue;
    TRY(write_revision(txn.txn(), *job.revision, head));
    ++count;
  }
  TRY(trim_log(txn.txn(), options_.log, count * kTrimPerRevision, head));
  reserve_ids(head);
  TRY(save_head(txn.txn(), head));
  const std::uint64_t id = txn.id();
  if (auto committed = txn.commit(); !committed) {
    const Error& error = committed.error();
    if (error.debug != kMapFull && error.code != Errc::no_space) {
      log::error("store", "a flush failed, no more changes are taken", {{"error", error.message}});
      broken_ =
          Error{.code = Errc::closed,
                .message = "the store takes no changes since a flush failed: " + error.message,
                .hint = "check the disk, then restart the daemon"};
    }
    return committed;
  }
  head_ = head;
  publish_file(id);
  const std::lock_guard lock(mutex_);
  ++stats_.transactions;
  stats_.largest_batch = std::max<std::uint64_t>(stats_.largest_batch, count);
  return {};
}

Result<> Committer::write_revision(const Txn& txn, const Revision& revision, Head& head) {
  DocumentWriter writer(txn, head.next_container);
  for (const json::Operation& operation : revision.patch)
    TRY(writer.apply(operation));
  return append_revision(txn, revision, head);
}

/// Ids of changes in memory are given out before they are in the file; after a crash none of them
/// may be used again, so the file names a bound before.
void Committer::reserve_ids(Head& head) const {
  if (!uses_memory_) {
    head.reserved = 0;
  } else if (head.reserved < head.revision + kReserve / 2) {
    head.reserved = head.revision + kReserve;
  }
}

void Committer::publish_file(std::uint64_t txn_id) {
  layer_.reset();
  published_.set(std::make_shared<State>(State{txn_id, head_.revision, head_.revision, nullptr}));
  const std::lock_guard lock(mutex_);
  pending_.clear();
}

void Committer::remember(std::span<Job> jobs) {
  for (const Job& job : jobs) {
    if (job.revision == nullptr) continue;
    recent_.push_back(job.revision);
    const std::lock_guard lock(mutex_);
    ++stats_.revisions;
  }
  for (const Job& job : jobs) {
    if (job.answer || job.answer.error().code != Errc::conflict) continue;
    const std::lock_guard lock(mutex_);
    ++stats_.conflicts;
  }
  while (recent_.size() > kMaxRecent) {
    recent_floor_ = recent_.front()->id;
    recent_.pop_front();
  }
}

void Committer::commit_in_memory(std::span<Job> jobs) {
  uses_memory_ = true;
  const RevisionId last = published_.get()->revision;
  const bool full = pending_.size() + jobs.size() > kMaxPending ||
                    (layer_ != nullptr && layer_->bytes > kMaxPendingBytes);
  if (full || head_.reserved < last + jobs.size()) {
    commit(jobs);
    return;
  }
  if (layer_ == nullptr) {
    auto txn = env_.read();
    if (!txn) return fail_all(jobs, txn.error());
    layer_ = std::make_unique<Pending>(std::move(*txn));
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Job& job = jobs[i];
    prepare(jobs.subspan(i, 1));
    if (job.revision == nullptr) {
      remember(jobs.subspan(i, 1));
      continue;
    }
    const NodePtr before = layer_->view.freeze();
    for (const json::Operation& operation : job.revision->patch) {
      auto done = layer_->view.edit(operation.op, operation.path, operation.value);
      if (done) continue;
      layer_->view.restore(before);
      job.revision = nullptr;
      job.answer = fail(std::move(done).error());
      break;
    }
    if (job.revision == nullptr) continue;
    layer_->bytes += job.revision->text.size();
    published_.set(std::make_shared<State>(
        State{layer_->txn.id(), head_.revision, job.revision->id, layer_->view.freeze()}));
    remember(jobs.subspan(i, 1));
    const std::lock_guard lock(mutex_);
    pending_.push_back(job.revision);
  }
}

void Committer::flush_pending() {
  const auto written = write({});
  if (!written) log::error("store", "a flush failed", {{"error", written.error().message}});
  // Not again before the usual time, even if the disk is still full.
  if (layer_ != nullptr) layer_->since = std::chrono::steady_clock::now();
}

void Committer::fail_all(std::span<Job> jobs, const Error& error) {
  for (Job& job : jobs) {
    job.revision = nullptr;
    job.answer = fail(error);
  }
}

}  // namespace engine::store
