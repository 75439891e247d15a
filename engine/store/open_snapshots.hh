#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace engine::store {

struct SnapshotImpl;

/// The snapshots there are, the oldest first, so that a forgotten one cannot make the file grow for
/// ever: what it shows cannot be overwritten while it is held. Any thread.
class OpenSnapshots {
 public:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    SnapshotImpl* snapshot = nullptr;
    Clock::time_point since;
  };
  using Place = std::list<Entry>::iterator;

  Place add(SnapshotImpl& snapshot);
  void remove(Place place);
  /// Ends those taken before `time`: their readers get an error from then on. One that is being
  /// read just now is left for the next time. Gives the number of those that ended.
  std::size_t end_before(Clock::time_point time);

 private:
  std::mutex mutex_;
  std::list<Entry> open_;
};

}  // namespace engine::store
