#include "store/feeds.hh"

#include "json/writer.hh"
#include "store/path_index.hh"
#include "store/scope_view.hh"
#include "store/store.hh"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace engine::store {
namespace {

/// What may wait for one follower; beyond it the value is sent instead.
constexpr std::size_t kMaxUpdates = 1'024;
constexpr std::size_t kMaxBytes = 1UL << 20U;
/// Of what is missing, this much is told without asking whether the value would be shorter.
constexpr std::size_t kFewBytes = 64UL << 10U;

using Text = std::shared_ptr<const std::string>;

/// `{"id":N,"patch":[…]`: what all who follow a scope are told alike.
Text update_head(RevisionId id, std::string_view patch) {
  std::string text = "{\"id\":" + std::to_string(id) + ",\"patch\":";
  text.append(patch);
  return std::make_shared<const std::string>(std::move(text));
}

/// With the id of the update this follower got before (patch-store reference, R18).
FeedText finished(const Text& head, RevisionId before) {
  return std::make_shared<const std::string>(*head + ",\"prev\":" + std::to_string(before) + "}");
}

FeedText dump_text(RevisionId id, std::string_view json) {
  std::string text = "{\"id\":" + std::to_string(id) + ",\"value\":";
  text.append(json).append("}");
  return std::make_shared<const std::string>(std::move(text));
}

struct Update {
  RevisionId id = 0;
  Text head;
};

/// A value as JSON that is true for a revision.
struct Reading {
  RevisionId id = 0;
  Text json;
};

}  // namespace

struct Feed::Follower {
  std::shared_ptr<Scope> scope;
  std::function<void()> wake;
  std::deque<Update> waiting;
  std::size_t bytes = 0;
  RevisionId heard = 0;  ///< what came up to it has been queued, or is in what it began with
  RevisionId sent = 0;   ///< id of the update it took last
  bool lagged = false;
  bool ended = false;
  bool failed = false;

  void add(RevisionId id, const Text& head) {
    if (ended || id <= heard) return;
    heard = id;
    if (lagged) return;
    waiting.push_back({id, head});
    bytes += head->size();
    if (waiting.size() > kMaxUpdates || bytes > kMaxBytes) {
      lagged = true;
      forget();
    }
    wake();
  }
  void forget() {
    waiting.clear();
    bytes = 0;
  }
  /// It knows everything up to `id`; what has come since it was entered still waits.
  void begin_at(RevisionId id) {
    while (!waiting.empty() && waiting.front().id <= id) {
      bytes -= waiting.front().head->size();
      waiting.pop_front();
    }
    heard = std::max(heard, id);
    sent = id;
  }
  void end(bool because_failed) {
    ended = true;
    failed = because_failed;
    wake();
  }
};

/// A followed scope.
struct Feed::Scope {
  json::Pointer path;
  RevisionId at = 0;       ///< followers have been told everything up to it
  RevisionId touched = 0;  ///< the newest revision that concerns it
  Reading known;           ///< the value as of `known.id` and since; no text if it is not known
  std::mutex reading;      ///< held by the one who reads the value for all
  std::vector<std::shared_ptr<Follower>> followers;

  void tell(RevisionId id, const Text& head) {
    at = id;
    for (const auto& follower : followers)
      follower->add(id, head);
  }
  void end(bool failed) {
    for (const auto& follower : followers)
      follower->end(failed);
  }
};

/// The mutex is held shortly: values are read and written out without it.
struct Feed::Shared {
  std::shared_mutex in_use;  ///< shared by those who read the store; alone by the one who closes
  Store* store = nullptr;    ///< null once closed; guarded by `in_use` and `mutex`
  std::mutex mutex;          ///< of everything below, and of scopes and followers
  Watch watch;
  std::map<std::string, std::shared_ptr<Scope>> scopes;
  PathIndex<Scope> index;
  RevisionId seen = 0;  ///< every revision up to it has been told
  RevisionId owed = 0;  ///< what all followers are to reach
  RevisionId paid = 0;  ///< what all have an update for
  FeedsStats stats;

  std::shared_ptr<Follower> enter(const json::Pointer& path, std::function<void()> wake);
  void leave(const std::shared_ptr<Follower>& follower);
  Result<Reading> read(Scope& scope);
  Result<FeedText> dump(Follower& follower);
  Result<bool> catch_up(Follower& follower, RevisionId since, FeedStart& start);
  Result<> follow(Scope& scope, const Revision& revision);
  void handle(const Revision& revision);
  void pay();
};

std::shared_ptr<Feed::Follower> Feed::Shared::enter(const json::Pointer& path,
                                                    std::function<void()> wake) {
  auto follower = std::make_shared<Follower>();
  follower->wake = std::move(wake);
  const std::lock_guard lock(mutex);
  auto& scope = scopes[path.text()];
  if (scope == nullptr) {
    scope = std::make_shared<Scope>();
    scope->path = path;
    index.add(path, scope);
  }
  scope->followers.push_back(follower);
  follower->scope = scope;
  ++stats.followers;
  return follower;
}

void Feed::Shared::leave(const std::shared_ptr<Follower>& follower) {
  const std::lock_guard lock(mutex);
  const auto scope = follower->scope;
  stats.followers -= std::erase(scope->followers, follower);
  if (!scope->followers.empty()) return;
  const auto found = scopes.find(scope->path.text());
  if (found == scopes.end() || found->second != scope) return;
  index.remove(scope->path, scope);
  scopes.erase(found);
}

/// The value of a scope now; read once for all who want it while nothing changes there.
Result<Reading> Feed::Shared::read(Scope& scope) {
  const std::lock_guard one_reads(scope.reading);
  {
    const std::lock_guard lock(mutex);
    if (scope.known.json != nullptr) {
      return Reading{std::max(scope.known.id, seen), scope.known.json};
    }
  }
  TRY_ASSIGN(const Snapshot snapshot, store->peek());
  std::string json;
  json::Writer out(json);
  TRY(write_scope(snapshot, scope.path, out));
  const Reading fresh{snapshot.revision(), std::make_shared<const std::string>(std::move(json))};
  const std::lock_guard lock(mutex);
  ++stats.readings;
  if (scope.touched <= fresh.id) scope.known = fresh;
  return fresh;
}

Result<FeedText> Feed::Shared::dump(Follower& follower) {
  TRY_ASSIGN(const Reading now, read(*follower.scope));
  {
    const std::lock_guard lock(mutex);
    follower.begin_at(now.id);
  }
  return dump_text(now.id, *now.json);
}

/// Gives the revisions after `since`, if the log holds them, if they can be told without the value
/// they changed, and if they are not longer than the value itself.
Result<bool> Feed::Shared::catch_up(Follower& follower, RevisionId since, FeedStart& start) {
  const auto revisions = store->revisions_since(since);
  if (!revisions) return false;
  // A crash took back what the follower has seen last: the ids go on elsewhere.
  if (!revisions->empty() && revisions->front()->id != since + 1) return false;
  const RevisionId now = revisions->empty() ? since : revisions->back()->id;
  std::vector<FeedText> told;
  RevisionId before = since;
  std::size_t bytes = 0;
  for (const auto& revision : *revisions) {
    const auto patch = scope_patch(revision->patch, follower.scope->path);
    if (!patch) return false;
    if (patch->empty()) continue;
    told.push_back(finished(update_head(revision->id, json::write(*patch)), before));
    bytes += told.back()->size();
    before = revision->id;
  }
  if (bytes > kFewBytes) {
    TRY_ASSIGN(const Reading value, read(*follower.scope));
    if (value.json->size() < bytes) return false;
  }
  if (before < now) told.push_back(finished(update_head(now, "[]"), before));
  start.revisions = std::move(told);
  const std::lock_guard lock(mutex);
  follower.begin_at(now);
  return true;
}

/// Tells those who follow a scope of `revision`, or, where the value has to be read anew, of what
/// is there now: that may be newer, and then covers the next revisions, too.
Result<> Feed::Shared::follow(Scope& scope, const Revision& revision) {
  if (const auto patch = scope_patch(revision.patch, scope.path); patch) {
    if (!patch->empty()) scope.tell(revision.id, update_head(revision.id, json::write(*patch)));
    return {};
  }
  TRY_ASSIGN(const Snapshot snapshot, store->peek());
  std::string json;
  json::Writer out(json);
  TRY(write_scope(snapshot, scope.path, out));
  scope.tell(
      snapshot.revision(),
      update_head(snapshot.revision(), R"([{"op":"replace","path":"","value":)" + json + "}]"));
  return {};
}

void Feed::Shared::handle(const Revision& revision) {
  const std::lock_guard lock(mutex);
  if (store == nullptr) return;
  seen = revision.id;
  const auto concern = [&](const std::shared_ptr<Scope>& scope) {
    if (std::exchange(scope->touched, revision.id) == revision.id) return;
    if (scope->known.id < revision.id) scope->known = {};
    if (scope->at >= revision.id) return;
    ++stats.told;
    if (!follow(*scope, revision)) scope->end(true);
  };
  for (const Touch& touch : revision.touched)
    stats.visited += index.visit(touch.path, concern);
  pay();
}

/// Gives an empty update to those who owe one. Not before everything up to it has been told: what
/// waits for a follower always comes first, whatever the order of events (D3).
void Feed::Shared::pay() {
  if (paid >= owed || seen < owed) return;
  paid = owed;
  const Text empty = update_head(owed, "[]");
  for (const auto& [text, scope] : scopes)
    for (const auto& follower : scope->followers)
      follower->add(owed, empty);
}

// --- Feed ---------------------------------------------------------------------------------------

Feed::Feed(std::shared_ptr<Shared> shared, std::shared_ptr<Follower> follower)
    : shared_(std::move(shared)), follower_(std::move(follower)) {}

Feed& Feed::operator=(Feed&& other) noexcept {
  const Feed before(std::move(*this));
  shared_ = std::move(other.shared_);
  follower_ = std::move(other.follower_);
  return *this;
}

Feed::~Feed() {
  if (follower_ != nullptr) shared_->leave(follower_);
}

FeedText Feed::take() {
  if (follower_ == nullptr) return nullptr;
  Follower& follower = *follower_;
  Update update;
  RevisionId before = 0;
  {
    const std::lock_guard lock(shared_->mutex);
    if (!follower.lagged) {
      if (follower.waiting.empty()) return nullptr;
      update = std::move(follower.waiting.front());
      follower.waiting.pop_front();
      follower.bytes -= update.head->size();
      before = std::exchange(follower.sent, update.id);
    }
  }
  return update.head == nullptr ? take_value() : finished(update.head, before);
}

/// What a follower that lagged gets instead of what it missed; null if there is no more to tell.
FeedText Feed::take_value() {
  const std::shared_lock in_use(shared_->in_use);
  {
    const std::lock_guard lock(shared_->mutex);
    follower_->lagged = false;
    follower_->forget();
    if (follower_->ended || shared_->store == nullptr) return nullptr;
  }
  auto text = shared_->dump(*follower_);
  if (text) return std::move(*text);
  const std::lock_guard lock(shared_->mutex);
  follower_->end(true);
  return nullptr;
}

bool Feed::ended() const {
  if (follower_ == nullptr) return true;
  const std::lock_guard lock(shared_->mutex);
  return follower_->ended && follower_->waiting.empty();
}

bool Feed::failed() const {
  if (follower_ == nullptr) return false;
  const std::lock_guard lock(shared_->mutex);
  return follower_->failed;
}

// --- Feeds --------------------------------------------------------------------------------------

Feeds::Feeds(Store& store) : shared_(std::make_shared<Feed::Shared>()) {
  shared_->store = &store;
  // The commit thread may not own what is shared, or it could be the one to end the watch.
  shared_->watch =
      store.watch({}, [shared = shared_.get()](const RevisionPtr& told) { shared->handle(*told); });
  const std::lock_guard lock(shared_->mutex);
  shared_->seen = std::max(shared_->seen, store.head());
}

Feeds::~Feeds() {
  close();
}

Result<Feed> Feeds::open(const json::Pointer& scope,
                         std::optional<RevisionId> since,
                         std::function<void()> wake,
                         FeedStart& start) {
  const std::shared_lock in_use(shared_->in_use);
  if (shared_->store == nullptr) return fail(Errc::closed, "the store is being closed");
  auto follower = shared_->enter(scope, std::move(wake));
  Feed feed(shared_, follower);
  if (since) {
    TRY_ASSIGN(const bool told, shared_->catch_up(*follower, *since, start));
    if (told) return feed;
  }
  TRY_ASSIGN(start.dump, shared_->dump(*follower));
  return feed;
}

RevisionId Feeds::sync() {
  const std::shared_lock in_use(shared_->in_use);
  const std::lock_guard lock(shared_->mutex);
  if (shared_->store == nullptr) return shared_->seen;
  const RevisionId head = shared_->store->head();
  shared_->owed = std::max(shared_->owed, head);
  shared_->pay();
  return head;
}

FeedsStats Feeds::stats() const {
  const std::lock_guard lock(shared_->mutex);
  FeedsStats stats = shared_->stats;
  stats.scopes = shared_->scopes.size();
  for (const auto& [text, scope] : shared_->scopes)
    for (const auto& follower : scope->followers)
      stats.waiting_bytes += follower->bytes;
  return stats;
}

void Feeds::close() {
  Watch ending;  // waits for a callback under way, which needs the mutex
  const std::unique_lock alone(shared_->in_use);
  const std::lock_guard lock(shared_->mutex);
  shared_->store = nullptr;
  ending = std::move(shared_->watch);
  for (const auto& [text, scope] : shared_->scopes)
    scope->end(false);
}

}  // namespace engine::store
