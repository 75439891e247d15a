#include "store/open_snapshots.hh"

#include "store/snapshot_impl.hh"

namespace engine::store {

OpenSnapshots::Place OpenSnapshots::add(SnapshotImpl& snapshot) {
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  return open_.insert(open_.end(), {&snapshot, now});
}

void OpenSnapshots::remove(Place place) {
  const std::lock_guard lock(mutex_);
  open_.erase(place);
}

std::size_t OpenSnapshots::end_before(Clock::time_point time) {
  std::size_t ended = 0;
  const std::lock_guard lock(mutex_);
  for (const Entry& each : open_) {
    if (each.since >= time) break;
    const std::unique_lock reading(each.snapshot->reading, std::try_to_lock);
    if (!reading || !each.snapshot->txn) continue;
    each.snapshot->txn.reset();
    ++ended;
  }
  return ended;
}

}  // namespace engine::store
