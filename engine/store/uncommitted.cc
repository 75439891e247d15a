#include "store/uncommitted.hh"

#include "base/log.hh"
#include "store/document_writer.hh"
#include "store/layered.hh"

#include <utility>

namespace engine::store {
namespace {

constexpr std::size_t kTrimPerRevision = 4;
constexpr RevisionId kReserve = 4 * Uncommitted::kMaxRevisions;

}  // namespace

struct Uncommitted::Layer {
  explicit Layer(ReadTxn read) : txn(std::move(read)), document(txn.txn()), view(document) {}

  ReadTxn txn;
  Document document;
  View view;
  NodePtr shown = {};  ///< the edits that are published, or will be with the next revision
  std::size_t bytes = 0;
  Clock::time_point since = Clock::now();
};

struct Uncommitted::Retired {
  std::unique_ptr<Layer> layer;
  StatePtr state;
  std::vector<RevisionPtr> revisions;
};

Uncommitted::Uncommitted(Env& env, Published& published, Head head, Options options)
    : env_(env),
      published_(published),
      options_(std::move(options)),
      head_(head),
      journaled_(head.revision) {}

Uncommitted::~Uncommitted() = default;

std::vector<RevisionPtr> Uncommitted::pending() const {
  const std::lock_guard lock(mutex_);
  return pending_;
}

std::size_t Uncommitted::pending_count() const {
  const std::lock_guard lock(mutex_);
  return pending_.size();
}

std::optional<Clock::time_point> Uncommitted::since() const {
  if (pending_.empty()) return std::nullopt;
  return layer_->since;
}

void Uncommitted::postpone() {
  if (layer_ != nullptr) layer_->since = Clock::now();
}

Result<> Uncommitted::begin_layer() {
  if (layer_ != nullptr) return {};
  TRY_ASSIGN(ReadTxn read, env_.read());
  layer_ = std::make_unique<Layer>(std::move(read));
  return {};
}

Result<> Uncommitted::lay_over(const Revision& revision) {
  for (const json::Operation& operation : revision.patch)
    TRY(layer_->view.edit(operation.op, operation.path, operation.value));
  return {};
}

/// Revisions of class `soon` go before those of the batch.
void Uncommitted::begin_frame() {
  if (!frame_.empty()) return;
  std::size_t at = pending_.size();
  while (at > 0 && pending_[at - 1]->id > journaled_)
    --at;
  for (; at < pending_.size(); ++at)
    frame_.add(*pending_[at]);
}

Result<> Uncommitted::add(const RevisionPtr& revision) {
  TRY(begin_layer());
  TRY(lay_over(*revision));
  begin_frame();
  frame_.add(*revision);
  batch_.push_back(revision);
  return {};
}

void Uncommitted::drop() {
  frame_.clear();
  batch_.clear();
  if (layer_ != nullptr) layer_->view.restore(layer_->shown);
  if (pending_.empty()) layer_.reset();
}

Result<> Uncommitted::grow() {
  drop();
  retired_.reset();
  // The layer reads through a transaction that would keep the map from growing.
  const bool had_layer = layer_ != nullptr;
  const NodePtr shown = had_layer ? layer_->shown : nullptr;
  const std::size_t bytes = had_layer ? layer_->bytes : 0;
  const auto since = had_layer ? layer_->since : Clock::time_point();
  layer_.reset();
  const Result<> grown = env_.grow();
  if (had_layer) {
    TRY(begin_layer());
    layer_->view.restore(shown);
    layer_->shown = shown;
    layer_->bytes = bytes;
    layer_->since = since;
  }
  return grown;
}

/// Whether the frame is to go into the journal. When much has gathered, the file is committed.
bool Uncommitted::goes_into_journal() {
  if (journal_ == nullptr || head_.journal == 0) return false;
  if (pending_.size() + batch_.size() > kMaxRevisions || layer_->bytes > kMaxBytes) return false;
  const bool fits = journal_->fits(frame_);
  journal_is_small_ = !fits;
  return fits;
}

auto Uncommitted::keep(bool in_file) -> Result<Kept> {
  if (batch_.empty() && pending_.empty()) return Kept{};
  auto kept = [&]() -> Result<Kept> {
    begin_frame();
    if (!in_file && frame_.empty()) return Kept{};
    const std::size_t all = pending_.size() + batch_.size();
    const std::size_t unflushed = frame_.count();
    const auto start = Clock::now();
    if (in_file || !goes_into_journal()) {
      TRY(commit());
      return Kept{all, Clock::now() - start};
    }
    TRY(flush_frame());
    return Kept{unflushed, Clock::now() - start};
  }();
  if (!kept) drop();
  return kept;
}

Result<> Uncommitted::flush_frame() {
  const Result<> done = journal_->append(frame_);
  if (!done) {
    note_failure(done.error());
    return done;
  }
  frame_.clear();
  publish(batch_);
  batch_.clear();
  journaled_ = last();
  return {};
}

void Uncommitted::note_failure(const Error& error) {
  if (error.debug != kMapFull && error.code != Errc::no_space) failed_ = true;
}

/// The log has every revision, the document what they come to: places that were changed often are
/// written once.
Result<> Uncommitted::write_into(const Txn& txn, Head& head) const {
  const auto log = [&](const RevisionPtr& revision) -> Result<> {
    if (revision->schema) TRY(save_schema(txn, *revision->schema));
    return append_revision(txn, *revision, head);
  };
  for (const RevisionPtr& revision : pending_)
    TRY(log(revision));
  for (const RevisionPtr& revision : batch_)
    TRY(log(revision));
  DocumentWriter writer(txn, head.next_container);
  TRY_ASSIGN(const json::Patch operations, layer_->view.operations());
  for (const json::Operation& operation : operations)
    TRY(writer.apply(operation));
  const std::size_t count = pending_.size() + batch_.size();
  return trim_log(txn, options_.log, count * kTrimPerRevision, head);
}

Result<> Uncommitted::commit() {
  Head next = head_;
  std::uint64_t id = 0;
  const auto committed = [&]() -> Result<> {
    TRY_ASSIGN(WriteTxn txn, env_.write());
    TRY(write_into(txn.txn(), next));
    // Ids of class `soon` are given out before they are in the file; after a crash none of them may
    // be used again, so the file names a bound before.
    if (!shows_) {
      next.reserved = 0;
    } else if (next.reserved < next.revision + kReserve / 2) {
      next.reserved = next.revision + kReserve;
    }
    if (journal_ == nullptr) open_journal(options_.journal_bytes);
    next.journal = journal_ == nullptr ? 0 : 1;
    TRY(save_head(txn.txn(), next));
    id = txn.id();
    return txn.commit();
  }();
  if (!committed) {
    note_failure(committed.error());
    return committed;
  }
  head_ = next;
  journaled_ = head_.revision;
  if (journal_ != nullptr) journal_->restart();
  frame_.clear();
  batch_.clear();
  retired_ = std::make_unique<Retired>();
  retired_->state = published_.exchange(
      std::make_shared<State>(State{id, head_.revision, head_.revision, nullptr}));
  retired_->layer = std::move(layer_);
  const std::lock_guard lock(mutex_);
  retired_->revisions.swap(pending_);
  return {};
}

void Uncommitted::open_journal(std::size_t bytes) {
  if (bytes == 0) return;
  options_.journal_bytes = 0;  // once
  auto opened = Journal::open(options_.directory, options_.identity);
  if (!opened || (*opened)->bytes() < bytes) {
    opened = Journal::create(options_.directory, options_.identity, bytes);
  }
  use_journal(std::move(opened));
}

/// Without a journal each batch is committed into the file, which is slower and as safe.
void Uncommitted::use_journal(Result<std::unique_ptr<Journal>> opened) {
  if (!opened) {
    log::warn("store",
              "the journal cannot be made, changes are slower",
              {{"error", opened.error().message},
               {"hint",
                "free space on the disk or make its directory writable, then restart the daemon"}});
  }
  journal_ = opened ? std::move(*opened) : nullptr;
}

void Uncommitted::tidy() {
  retired_.reset();
  if (failed_ || !journal_is_small_ || !pending_.empty()) return;
  journal_is_small_ = false;
  const std::size_t bytes = journal_->bytes() * 2;
  if (bytes > Journal::kMaxBytes) return;
  // If it cannot be made, the old one may be gone all the same, so that is not used any more.
  use_journal(Journal::create(options_.directory, options_.identity, bytes));
}

/// Makes the batch visible. Who knows of a revision finds it among the pending ones.
void Uncommitted::publish(std::span<const RevisionPtr> revisions) {
  {
    const std::lock_guard lock(mutex_);
    pending_.insert(pending_.end(), revisions.begin(), revisions.end());
  }
  for (const RevisionPtr& revision : revisions)
    layer_->bytes += revision->text.size();
  layer_->shown = layer_->view.freeze();
  if (retired_ == nullptr) retired_ = std::make_unique<Retired>();
  retired_->state = published_.exchange(
      std::make_shared<State>(State{layer_->txn.id(), head_.revision, last(), layer_->shown}));
}

bool Uncommitted::may_show(std::size_t count) {
  shows_ = true;
  const RevisionId known = pending_.empty() ? head_.revision : last();
  return head_.reserved >= known + count && pending_.size() + count <= kMaxRevisions &&
         (layer_ == nullptr || layer_->bytes <= kMaxBytes);
}

Result<> Uncommitted::show(const RevisionPtr& revision) {
  TRY(begin_layer());
  if (auto done = lay_over(*revision); !done) {
    layer_->view.restore(layer_->shown);
    if (pending_.empty()) layer_.reset();
    return done;
  }
  publish({&revision, 1});
  return {};
}

}  // namespace engine::store
