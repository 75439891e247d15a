#include "store/store.hh"

#include "base/bytes.hh"
#include "base/file.hh"
#include "base/log.hh"
#include "store/document_writer.hh"
#include "store/journal.hh"
#include "store/recovery.hh"
#include "store/revert.hh"
#include "store/snapshot_impl.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <future>

namespace engine::store {
namespace {

/// Entries at the end of the log that are read at opening.
constexpr std::size_t kVerified = 16;
/// Optimistic tries of `mutate` before it asks to be alone.
constexpr int kOptimisticTries = 8;
constexpr std::string_view kMarker = "running";

Result<Identity> new_identity() {
  Identity identity;
  if (::getrandom(identity.id.data(), identity.id.size(), 0) !=
      static_cast<ssize_t>(identity.id.size())) {
    return fail_errno("getrandom");
  }
  return identity;
}

RevisionPtr first_revision(const json::Value& document) {
  auto revision = std::make_shared<Revision>();
  revision->time = std::chrono::system_clock::now();
  revision->patch = {json::Operation{.op = json::Op::replace, .value = document}};
  revision->text = json::write(revision->patch);
  return revision;
}

/// A journal without the file it belongs to: the file was there before it. To begin a new store
/// would end what the journal holds.
Result<> check_not_orphaned(const std::filesystem::path& directory) {
  std::error_code failure;
  const auto file = directory / kDataFile;
  const auto bytes = std::filesystem::file_size(file, failure);
  if (!failure && bytes > 0) return {};
  if (failure && failure != std::errc::no_such_file_or_directory) return {};  // LMDB says which
  const auto journal = Journal::path_in(directory);
  std::error_code ignored;
  if (!std::filesystem::exists(journal, ignored)) return {};
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("{} is {}, and there is a journal of it beside",
                                           file.native(),
                                           failure ? "missing" : "empty"),
                    .hint = "restore a backup of the store, or move the directory away to begin "
                            "with an empty one; nothing was changed"});
}

}  // namespace

Store::Store(std::unique_ptr<Env> env, std::filesystem::path directory)
    : directory_(std::move(directory)),
      env_(std::move(env)),
      watches_(std::make_shared<WatchRegistry>()) {}

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory,
                                           Options options) {
  TRY(check_not_orphaned(directory));
  TRY_ASSIGN(auto env, Env::open(directory, {.map_size = options.map_size}));
  std::unique_ptr<Store> store(new Store(std::move(env), directory));
  const auto where = [&](Error error) {
    // Those of the file and of the journal name it.
    if (error.message.starts_with(directory.native())) return fail(std::move(error));
    return fail(std::move(error).context(store->env_->file().native()));
  };
  std::vector<RevisionPtr> unfiled;
  if (store->env_->fresh()) {
    if (auto done = store->create(options); !done) return where(std::move(done).error());
  } else {
    auto found = store->verify();
    if (!found) return where(std::move(found).error());
    unfiled = std::move(*found);
  }
  if (auto done = store->mark_running(); !done) return where(std::move(done).error());
  if (auto done = replay(*store->env_, unfiled); !done) return where(std::move(done).error());
  if (auto done = store->load_state(options); !done) return where(std::move(done).error());
  return store;
}

Result<> Store::create(const Options& options) {
  TRY_ASSIGN(WriteTxn txn, env_->write());
  TRY_ASSIGN(const Identity identity, new_identity());
  TRY(save_identity(txn.txn(), identity));
  Head head;
  DocumentWriter writer(txn.txn(), head.next_container);
  TRY(writer.create(options.initial));
  TRY(append_revision(txn.txn(), *first_revision(options.initial), head));
  TRY(save_head(txn.txn(), head));
  if (!options.schema.empty()) TRY(save_schema(txn.txn(), options.schema));
  return txn.commit();
}

/// Gives what only the journal holds.
Result<std::vector<RevisionPtr>> Store::verify() {
  TRY_ASSIGN(const ReadTxn txn, env_->read());
  TRY_ASSIGN(const Identity identity, load_identity(txn.txn()));
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  TRY(Document(txn.txn()).root());
  TRY(verify_log(txn.txn(), head.revision, kVerified));
  return read_journal(directory_, identity, head);
}

bool Store::is_unclean(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / kMarker, ignored);
}

Result<> Store::mark_running() {
  TRY(open_file(directory_ / kMarker, O_CREAT | O_WRONLY, 0600));
  return {};
}

Result<> Store::load_state(const Options& options) {
  TRY(raise_head());
  TRY_ASSIGN(const ReadTxn txn, env_->read());
  TRY_ASSIGN(const Identity identity, load_identity(txn.txn()));
  TRY_ASSIGN(opened_, load_head(txn.txn()));
  id_ = to_hex(identity.id);
  const bool first = identity.history == decltype(identity.history){};
  history_id_ = first ? id_ : id_ + "-" + to_hex(identity.history);
  (void)published_.exchange(
      std::make_shared<State>(State{txn.id(), opened_.revision, opened_.revision, nullptr}));
  oldest_ = watches_->add({}, [this, age = options.snapshot_age](const RevisionPtr&) {
    const auto ended = snapshots_.end_before(OpenSnapshots::Clock::now() - age);
    if (ended > 0)
      log::warn("store", "old snapshots were ended", {{"count", std::to_string(ended)}});
  });
  auto uncommitted =
      std::make_unique<Uncommitted>(*env_,
                                    published_,
                                    opened_,
                                    Uncommitted::Options{.directory = directory_,
                                                         .identity = identity,
                                                         .log = options.log,
                                                         .journal_bytes = options.journal_bytes});
  committer_ = std::make_unique<Committer>(
      std::move(uncommitted), published_, *watches_, options.flush_after);
  return {};
}

/// Ids beyond the head may have been given out for changes that a crash took back. An empty
/// revision beyond them keeps every id from meaning two things, and the id left out before it
/// whoever has seen the last of them from taking it for the next (Feeds).
Result<> Store::raise_head() {
  Head head;
  {
    TRY_ASSIGN(const ReadTxn txn, env_->read());
    TRY_ASSIGN(head, load_head(txn.txn()));
  }
  if (head.reserved <= head.revision) return {};
  TRY_ASSIGN(WriteTxn txn, env_->write());
  Revision empty;
  empty.id = head.reserved + 2;
  empty.time = std::chrono::system_clock::now();
  empty.text = "[]";
  TRY(append_revision(txn.txn(), empty, head));
  head.reserved = 0;
  TRY(save_head(txn.txn(), head));
  return txn.commit();
}

Store::~Store() {
  if (committer_ == nullptr) return;
  committer_.reset();
  bool settled = published_.get()->in_file == published_.get()->revision;
  if (auto txn = env_->write(); txn) {
    auto head = load_head(txn->txn());
    if (head && (head->reserved != 0 || head->journal != 0)) {
      head->reserved = 0;
      head->journal = 0;
      settled = settled && save_head(txn->txn(), *head) && txn->commit();
    }
  }
  std::error_code ignored;
  if (settled) std::filesystem::remove(directory_ / kMarker, ignored);
}

RevisionId Store::head() const {
  return published_.get()->revision;
}

Result<Snapshot> Store::peek() const {
  return Snapshot::take(*env_, published_, snapshots_);
}

Result<Mutation> Store::begin() const {
  TRY_ASSIGN(Snapshot snapshot, peek());
  return Mutation(std::move(snapshot));
}

void Store::commit(ChangeSet change,
                   Durability durability,
                   CommitDone done,
                   const Exclusive* exclusive) {
  committer_->submit(std::move(change), durability, std::move(done), exclusive);
}

void Store::request_exclusive(ExclusiveDone done) {
  committer_->request_exclusive(std::move(done));
}

Result<Committed> Store::mutate(const std::function<Result<>(Mutation&)>& edit,
                                Durability durability) {
  std::shared_ptr<Exclusive> exclusive;
  for (int attempt = 0;; ++attempt) {
    if (attempt == kOptimisticTries) {
      auto granted = std::make_shared<std::promise<Result<std::shared_ptr<Exclusive>>>>();
      auto future = granted->get_future();
      request_exclusive([granted](auto result) { granted->set_value(std::move(result)); });
      TRY_ASSIGN(exclusive, future.get());
    }
    TRY_ASSIGN(Mutation mutation, begin());
    TRY(edit(mutation));
    TRY_ASSIGN(ChangeSet change, std::move(mutation).finish());
    auto committed = committer_->submit_and_wait(std::move(change), durability, exclusive.get());
    if (committed || committed.error().code != Errc::conflict) return committed;
  }
}

Result<std::vector<RevisionPtr>> Store::revisions_since(RevisionId since) const {
  const std::vector<RevisionPtr> pending = committer_->pending();
  TRY_ASSIGN(const ReadTxn txn, env_->read());
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  const RevisionId last = pending.empty() ? head.revision : pending.back()->id;
  const RevisionId newest = std::max(last, head.revision);
  if (since + 1 < head.oldest || since > newest) {
    return fail(Errc::not_found,
                fmt::format("the log holds revisions {} to {}", head.oldest, newest));
  }
  TRY_ASSIGN(auto revisions, load_revisions(txn.txn(), since));
  for (const RevisionPtr& revision : pending) {
    if (revision->id > head.revision && revision->id > since) revisions.push_back(revision);
  }
  return revisions;
}

Result<std::string> Store::schema() const {
  const std::vector<RevisionPtr> pending = committer_->pending();
  for (auto revision = pending.rbegin(); revision != pending.rend(); ++revision)
    if ((*revision)->schema) return *(*revision)->schema;
  TRY_ASSIGN(const ReadTxn txn, env_->read());
  return load_schema(txn.txn());
}

Result<> Store::flush() {
  TRY(committer_->submit_and_wait({}, Durability::filed));
  return {};
}

Result<std::vector<RevisionPtr>> Store::history(const HistoryQuery& query) const {
  const std::vector<RevisionPtr> pending = committer_->pending();
  TRY_ASSIGN(const ReadTxn txn, env_->read());
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  std::vector<RevisionPtr> found;
  std::size_t bytes = 0;
  const auto visit = [&](const RevisionPtr& revision) {
    if (query.since && revision->id <= *query.since) return false;
    if (found.size() >= query.limit) return false;
    const bool wanted =
        revision->id < query.before &&
        (query.scope.is_root() ||
         std::any_of(revision->touched.begin(), revision->touched.end(), [&](const Touch& touch) {
           return affects(touch, query.scope);
         }));
    if (!wanted) return true;
    bytes += revision->text.size();
    if (!found.empty() && bytes > query.max_bytes) return false;
    found.push_back(revision);
    return true;
  };
  for (auto revision = pending.rbegin(); revision != pending.rend(); ++revision) {
    if ((*revision)->id > head.revision && !visit(*revision)) return found;
  }
  TRY(each_before(txn.txn(), std::min(query.before, head.revision + 1), visit));
  return found;
}

Result<> Store::revert(Mutation& mutation, RevisionRange range) const {
  if (range.first == 0) {
    return fail(Errc::invalid_params, "revision 0 made the store and cannot be undone");
  }
  if (range.first > range.last) {
    return fail(Errc::invalid_params, "the first revision to undo is behind the last");
  }
  TRY_ASSIGN(const auto log, revisions_since(range.first - 1));
  return store::revert(mutation, log, range);
}

Watch Store::watch(const json::Pointer& scope, WatchRegistry::Callback callback) {
  return watches_->add(scope, std::move(callback));
}

Result<StoreStats> Store::stats() const {
  TRY_ASSIGN(const ReadTxn txn, env_->read());
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  std::error_code ignored;
  return StoreStats{committer_->stats(),
                    published_.get()->revision,
                    head.oldest,
                    head.log_bytes,
                    std::filesystem::file_size(env_->file(), ignored)};
}

}  // namespace engine::store
