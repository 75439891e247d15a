#include "store/watch.hh"

#include <algorithm>

namespace engine::store {

struct Watch::Entry {
  json::Pointer scope;
  WatchRegistry::Callback callback;
  std::recursive_mutex running;  ///< recursive, so that a callback may end its own watch
  bool ended = false;            ///< guarded by `running`
  RevisionId told = 0;           ///< last revision it was collected for; guarded by the registry
};

/// A node of the index: the watches of one path, and the paths below.
struct WatchRegistry::Scope {
  std::map<std::string, std::unique_ptr<Scope>, std::less<>> below;
  std::vector<std::shared_ptr<Watch::Entry>> watches;

  void collect_below(const std::function<void(const std::shared_ptr<Watch::Entry>&)>& visit) const {
    for (const auto& watch : watches)
      visit(watch);
    for (const auto& [token, scope] : below)
      scope->collect_below(visit);
  }
  [[nodiscard]] bool empty() const { return below.empty() && watches.empty(); }

  void remove(const std::shared_ptr<Watch::Entry>& entry, std::size_t depth) {
    if (depth == entry->scope.depth()) {
      std::erase(watches, entry);
      return;
    }
    const auto next = below.find(entry->scope.tokens()[depth]);
    if (next == below.end()) return;
    next->second->remove(entry, depth + 1);
    if (next->second->empty()) below.erase(next);
  }
};

Watch& Watch::operator=(Watch&& other) noexcept {
  Watch ended(std::move(*this));
  registry_ = std::move(other.registry_);
  entry_ = std::move(other.entry_);
  return *this;
}

Watch::~Watch() {
  if (entry_ == nullptr) return;
  registry_->remove(entry_);
  const std::lock_guard lock(entry_->running);
  entry_->ended = true;
}

WatchRegistry::WatchRegistry() : root_(std::make_unique<Scope>()) {}
WatchRegistry::~WatchRegistry() = default;

Watch WatchRegistry::add(const json::Pointer& scope, Callback callback) {
  auto entry = std::make_shared<Watch::Entry>();
  entry->scope = scope;
  entry->callback = std::move(callback);
  const std::lock_guard lock(mutex_);
  Scope* at = root_.get();
  for (const std::string& token : scope.tokens()) {
    auto& next = at->below[token];
    if (next == nullptr) next = std::make_unique<Scope>();
    at = next.get();
  }
  at->watches.push_back(entry);
  return Watch(shared_from_this(), std::move(entry));
}

void WatchRegistry::remove(const std::shared_ptr<Watch::Entry>& entry) {
  const std::lock_guard lock(mutex_);
  root_->remove(entry, 0);
}

std::vector<std::shared_ptr<Watch::Entry>> WatchRegistry::affected(const Revision& revision) {
  std::vector<std::shared_ptr<Watch::Entry>> found;
  const auto collect = [&](const std::shared_ptr<Watch::Entry>& entry) {
    if (std::exchange(entry->told, revision.id) != revision.id) found.push_back(entry);
  };
  const std::lock_guard lock(mutex_);
  for (const Touch& touch : revision.touched) {
    const Scope* at = root_.get();
    for (const std::string& token : touch.path.tokens()) {
      for (const auto& watch : at->watches)
        collect(watch);
      const auto next = at->below.find(token);
      at = next == at->below.end() ? nullptr : next->second.get();
      if (at == nullptr) break;
    }
    if (at != nullptr) at->collect_below(collect);
  }
  return found;
}

void WatchRegistry::notify(const RevisionPtr& revision) {
  for (const auto& entry : affected(*revision)) {
    const std::lock_guard lock(entry->running);
    if (!entry->ended) entry->callback(revision);
  }
}

}  // namespace engine::store
