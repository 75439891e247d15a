#include "store/feeds.hh"

#include "json/diff.hh"
#include "json/scope.hh"
#include "store/store.hh"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

namespace engine::store {
namespace {

/// What may wait for one follower; beyond it the value is sent instead.
constexpr std::size_t kMaxUpdates = 1'024;
constexpr std::size_t kMaxBytes = 1UL << 20U;

FeedText update_text(RevisionId id, std::string_view member, std::string_view json) {
  std::string text = "{\"id\":" + std::to_string(id) + ",\"";
  text.append(member).append("\":").append(json).append("}");
  return std::make_shared<const std::string>(std::move(text));
}

Result<json::Value> value_in(const Snapshot& snapshot, const json::Pointer& scope) {
  TRY_ASSIGN(auto found, snapshot.get(scope));
  return found ? std::move(*found) : json::Value();
}

bool touches(const Revision& revision, const json::Pointer& scope) {
  return std::ranges::any_of(revision.touched,
                             [&](const Touch& touch) { return affects(touch, scope); });
}

}  // namespace

struct Feed::Follower {
  std::shared_ptr<Scope> scope;
  std::function<void()> wake;
  std::deque<FeedText> waiting;
  std::size_t bytes = 0;
  RevisionId told = 0;  ///< id of the newest update that waits or was taken
  bool lagged = false;
  bool ended = false;

  void add(RevisionId id, const FeedText& text) {
    told = id;
    if (lagged) return;
    waiting.push_back(text);
    bytes += text->size();
    if (waiting.size() > kMaxUpdates || bytes > kMaxBytes) {
      lagged = true;
      waiting.clear();
      bytes = 0;
    }
    wake();
  }
};

/// A followed scope: its value as of revision `at`.
struct Feed::Scope {
  json::Pointer path;
  json::Value value;
  RevisionId at = 0;
  FeedText dump;  ///< kept until the value or the id is another
  std::vector<std::shared_ptr<Follower>> followers;

  void add(RevisionId id, const json::Patch& patch) {
    at = id;
    if (patch.empty()) return;
    dump = nullptr;
    const FeedText text = update_text(id, "patch", json::write(patch));
    for (const auto& follower : followers)
      follower->add(id, text);
  }
  void end() {
    for (const auto& follower : followers) {
      follower->ended = true;
      follower->wake();
    }
    followers.clear();
  }
};

/// Everything under one mutex: what is done with it is short but for the first dump of a revision.
struct Feed::Shared {
  std::mutex mutex;
  Store* store = nullptr;  ///< null once closed
  Watch watch;
  std::map<std::string, std::shared_ptr<Scope>> scopes;
  RevisionId seen = 0;  ///< every revision up to it has been told
  RevisionId owed = 0;  ///< what all followers are to reach

  /// The id that the value of `scope` is true for, and its text.
  std::pair<RevisionId, FeedText> dump(Scope& scope) {
    const RevisionId now = std::max(scope.at, seen);
    if (scope.dump == nullptr || scope.at != now) {
      scope.at = now;
      std::string text;
      json::Writer(text).value(scope.value);
      scope.dump = update_text(now, "value", text);
    }
    return {now, scope.dump};
  }
  Result<std::shared_ptr<Scope>> find(const json::Pointer& path);
  Result<> follow(Scope& scope, const Revision& revision);
  void handle(const Revision& revision);
  void pay();
  std::optional<std::vector<FeedText>> revisions_since(Scope& scope, RevisionId since);
};

Result<std::shared_ptr<Feed::Scope>> Feed::Shared::find(const json::Pointer& path) {
  std::erase_if(scopes, [](const auto& each) { return each.second->followers.empty(); });
  if (const auto found = scopes.find(path.text()); found != scopes.end()) return found->second;
  TRY_ASSIGN(const Snapshot snapshot, store->peek());
  auto scope = std::make_shared<Scope>();
  scope->path = path;
  scope->at = snapshot.revision();
  TRY_ASSIGN(scope->value, value_in(snapshot, path));
  scopes.emplace(path.text(), scope);
  return scope;
}

/// Brings a scope to `revision`, or beyond where its value has to be read anew: what is read may be
/// newer, and then covers the next revisions, too.
Result<> Feed::Shared::follow(Scope& scope, const Revision& revision) {
  if (!json::disturbs(revision.patch, scope.path)) {
    const json::Patch patch = json::scoped(revision.patch, scope.path, nullptr, nullptr);
    TRY(json::apply_patch(scope.value, patch));
    scope.add(revision.id, patch);
    return {};
  }
  TRY_ASSIGN(const Snapshot snapshot, store->peek());
  TRY_ASSIGN(json::Value after, value_in(snapshot, scope.path));
  const json::Patch patch = json::diff(scope.value, after);
  scope.value = std::move(after);
  scope.add(snapshot.revision(), patch);
  return {};
}

void Feed::Shared::handle(const Revision& revision) {
  const std::lock_guard lock(mutex);
  if (store == nullptr) return;
  seen = revision.id;
  for (const auto& [text, scope] : scopes) {
    if (scope->followers.empty() || scope->at >= revision.id) continue;
    if (!touches(revision, scope->path)) continue;
    if (!follow(*scope, revision)) scope->end();
  }
  pay();
}

/// Gives an empty update to those who owe one. Not before everything up to it has been told.
void Feed::Shared::pay() {
  for (const auto& [text, scope] : scopes) {
    if (std::max(seen, scope->at) < owed) continue;
    FeedText empty;
    for (const auto& follower : scope->followers) {
      if (follower->told >= owed) continue;
      if (empty == nullptr) empty = update_text(owed, "patch", "[]");
      follower->add(owed, empty);
    }
  }
}

std::optional<std::vector<FeedText>> Feed::Shared::revisions_since(Scope& scope, RevisionId since) {
  const auto revisions = store->revisions_since(since);
  const RevisionId now = std::max(scope.at, seen);
  if (!revisions || since > now) return std::nullopt;
  std::vector<FeedText> told;
  RevisionId last = since;
  for (const auto& revision : *revisions) {
    if (revision->id > now) break;
    if (!touches(*revision, scope.path)) continue;
    if (json::disturbs(revision->patch, scope.path)) return std::nullopt;
    const json::Patch patch = json::scoped(revision->patch, scope.path, nullptr, nullptr);
    told.push_back(update_text(revision->id, "patch", json::write(patch)));
    last = revision->id;
  }
  if (last < now) told.push_back(update_text(now, "patch", "[]"));
  return told;
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
  if (follower_ == nullptr) return;
  const std::lock_guard lock(shared_->mutex);
  std::erase(follower_->scope->followers, follower_);
}

FeedText Feed::take() {
  if (follower_ == nullptr) return nullptr;
  const std::lock_guard lock(shared_->mutex);
  Follower& follower = *follower_;
  if (std::exchange(follower.lagged, false) && !follower.ended) {
    const auto [id, text] = shared_->dump(*follower.scope);
    follower.told = id;
    return text;
  }
  if (follower.waiting.empty()) return nullptr;
  FeedText text = std::move(follower.waiting.front());
  follower.waiting.pop_front();
  follower.bytes -= text->size();
  return text;
}

bool Feed::ended() const {
  if (follower_ == nullptr) return true;
  const std::lock_guard lock(shared_->mutex);
  return follower_->ended && follower_->waiting.empty();
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
  const std::lock_guard lock(shared_->mutex);
  if (shared_->store == nullptr) return fail(Errc::closed, "the store is being closed");
  TRY_ASSIGN(auto found, shared_->find(scope));
  auto follower = std::make_shared<Feed::Follower>();
  auto revisions = since ? shared_->revisions_since(*found, *since) : std::nullopt;
  follower->told = std::max(found->at, shared_->seen);
  if (revisions) {
    start.revisions = std::move(*revisions);
  } else {
    start.dump = shared_->dump(*found).second;
  }
  follower->wake = std::move(wake);
  found->followers.push_back(follower);
  follower->scope = std::move(found);
  return Feed(shared_, std::move(follower));
}

RevisionId Feeds::sync() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->store == nullptr) return shared_->seen;
  const RevisionId head = shared_->store->head();
  shared_->owed = std::max(shared_->owed, head);
  shared_->pay();
  return head;
}

void Feeds::close() {
  Watch ending;  // waits for a callback under way, which needs the mutex
  const std::lock_guard lock(shared_->mutex);
  shared_->store = nullptr;
  ending = std::move(shared_->watch);
  for (const auto& [text, scope] : shared_->scopes)
    scope->end();
  shared_->scopes.clear();
}

}  // namespace engine::store
