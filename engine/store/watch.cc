#include "store/watch.hh"

#include <utility>

namespace engine::store {

struct Watch::Entry {
  json::Pointer scope;
  WatchRegistry::Callback callback;
  std::recursive_mutex running;  ///< recursive, so that a callback may end its own watch
  bool ended = false;            ///< guarded by `running`
  RevisionId told = 0;           ///< last revision it was collected for; guarded by the registry
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

Watch WatchRegistry::add(const json::Pointer& scope, Callback callback) {
  auto entry = std::make_shared<Watch::Entry>();
  entry->scope = scope;
  entry->callback = std::move(callback);
  const std::lock_guard lock(mutex_);
  index_.add(scope, entry);
  return Watch(shared_from_this(), std::move(entry));
}

void WatchRegistry::remove(const std::shared_ptr<Watch::Entry>& entry) {
  const std::lock_guard lock(mutex_);
  index_.remove(entry->scope, entry);
}

std::vector<std::shared_ptr<Watch::Entry>> WatchRegistry::affected(const Revision& revision) {
  std::vector<std::shared_ptr<Watch::Entry>> found;
  const auto collect = [&](const std::shared_ptr<Watch::Entry>& entry) {
    if (std::exchange(entry->told, revision.id) != revision.id) found.push_back(entry);
  };
  const std::lock_guard lock(mutex_);
  for (const Touch& touch : revision.touched)
    index_.visit(touch.path, collect);
  return found;
}

void WatchRegistry::notify(const RevisionPtr& revision) {
  for (const auto& entry : affected(*revision)) {
    const std::lock_guard lock(entry->running);
    if (!entry->ended) entry->callback(revision);
  }
}

}  // namespace engine::store
