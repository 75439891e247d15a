#pragma once

#include "event/ring.hh"

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace engine::event {

/// A subscription that is read at the reader's pace: a bounded queue between the publishers and one
/// reader. When it is full the oldest event goes. Resource type, thread-safe.
class Queue {
 public:
  /// `wake` runs on the publisher's thread, with the ring locked, when the queue stops being empty:
  /// it should only post to the reader's loop. `ring` outlives the queue.
  Queue(Ring& ring,
        Filter filter,
        std::function<void()> wake,
        Start start = {},
        std::size_t capacity = 1'024);
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue();

  /// The next event, or null.
  [[nodiscard]] RecordPtr take();
  [[nodiscard]] bool empty() const;
  /// Events lost since the last call.
  [[nodiscard]] std::size_t lagged();
  /// The ring had lost events between `start.since` and its oldest.
  [[nodiscard]] bool gap() const { return gap_; }

 private:
  void put(const RecordPtr& record);

  Ring& ring_;
  std::function<void()> wake_;
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<RecordPtr> waiting_;
  std::size_t lagged_ = 0;
  std::uint64_t subscription_ = 0;
  bool gap_ = false;
};

}  // namespace engine::event
