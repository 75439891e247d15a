#pragma once

#include "store/revision.hh"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace engine::store {

/// When places were last changed, to find out what a change set did not see. Every question and
/// every entry costs the depth of its path. Value type; used by one thread.
///
/// Places are kept as 64-bit hashes: two that collide cost a needless re-run, never a lost one.
/// When there are too many, the older half is forgotten and the floor rises.
class TouchIndex {
 public:
  /// Knows nothing of revisions up to `floor`.
  explicit TouchIndex(RevisionId floor) : floor_(floor), recent_floor_(floor) {}

  void add(const std::vector<Touch>& touched, RevisionId id);
  /// Whether a revision after `base` may have changed what was seen; always so below the floor.
  [[nodiscard]] bool disturbed(const std::vector<Footprint>& seen, RevisionId base) const;
  /// What was added has come about and stays.
  void settle() { unsettled_.clear(); }
  /// What was added since settle() has not come about: it is as if it had never been added.
  void take_back();

 private:
  /// The last revision that changed a place itself, anything below it, or which members it has.
  struct Place {
    RevisionId itself = 0;
    RevisionId below = 0;
    RevisionId members = 0;
  };
  using Places = std::unordered_map<std::uint64_t, Place>;

  struct Former {
    std::uint64_t hash;
    Place place;
  };

  /// The place that hashes so, to be changed.
  Place& change(std::uint64_t hash);
  static bool disturbed(const Places& places, const Footprint& seen, RevisionId base);

  Places recent_;
  Places older_;
  std::vector<Former> unsettled_;  ///< what places of `recent_` were before each change of them
  RevisionId floor_;               ///< of both
  RevisionId recent_floor_;        ///< of `recent_` alone
};

}  // namespace engine::store
