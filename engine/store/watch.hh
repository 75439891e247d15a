#pragma once

#include "json/pointer.hh"
#include "store/path_index.hh"
#include "store/revision.hh"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace engine::store {

class WatchRegistry;

/// A running watch; ends when destroyed. Move-only. The callback does not run any more once the
/// destructor has returned, unless it is the callback itself that destroys the watch.
class Watch {
 public:
  Watch() = default;
  Watch(Watch&&) noexcept = default;
  Watch& operator=(Watch&& other) noexcept;
  ~Watch();

 private:
  friend class WatchRegistry;
  struct Entry;
  Watch(std::shared_ptr<WatchRegistry> registry, std::shared_ptr<Entry> entry)
      : registry_(std::move(registry)), entry_(std::move(entry)) {}

  std::shared_ptr<WatchRegistry> registry_;
  std::shared_ptr<Entry> entry_;
};

/// Who wants to hear of changes where: an index by path. Any thread.
class WatchRegistry : public std::enable_shared_from_this<WatchRegistry> {
 public:
  using Callback = std::function<void(const RevisionPtr&)>;

  /// In `scope`, `*` stands for any one token.
  Watch add(const json::Pointer& scope, Callback callback);
  /// Calls each watch that `revision` affects once, on this thread. O(affected watches + length of
  /// the touched paths).
  void notify(const RevisionPtr& revision);

 private:
  friend class Watch;
  void remove(const std::shared_ptr<Watch::Entry>& entry);
  std::vector<std::shared_ptr<Watch::Entry>> affected(const Revision& revision);

  std::mutex mutex_;
  PathIndex<Watch::Entry> index_;
};

}  // namespace engine::store
