#include "store/touch_index.hh"

#include <algorithm>
#include <string_view>
#include <utility>

namespace engine::store {
namespace {

constexpr std::size_t kMaxPlaces = 32'768;
constexpr std::uint64_t kRoot = 0x9e3779b97f4a7c15U;

/// The hash of the place `token` names below the one that hashes to `parent`.
std::uint64_t below(std::uint64_t parent, std::string_view token) {
  return (std::hash<std::string_view>{}(token) ^ (parent >> 29U)) * 0xbf58476d1ce4e5b9U + parent;
}

}  // namespace

void TouchIndex::add(const std::vector<Touch>& touched, RevisionId id) {
  if (recent_.size() > kMaxPlaces && unsettled_.empty()) {
    older_ = std::exchange(recent_, {});
    floor_ = std::exchange(recent_floor_, id - 1);
  }
  for (const Touch& touch : touched) {
    std::uint64_t hash = kRoot;
    for (std::size_t depth = 0; depth < touch.path.depth(); ++depth) {
      Place& above = change(hash);
      above.below = id;
      if (touch.membership && depth + 1 == touch.path.depth()) above.members = id;
      hash = below(hash, touch.path.tokens()[depth]);
    }
    change(hash).itself = id;
  }
}

TouchIndex::Place& TouchIndex::change(std::uint64_t hash) {
  Place& place = recent_[hash];
  unsettled_.push_back({hash, place});
  return place;
}

bool TouchIndex::disturbed(const std::vector<Footprint>& seen, RevisionId base) const {
  if (base < floor_) return true;
  return std::any_of(seen.begin(), seen.end(), [&](const Footprint& footprint) {
    return disturbed(recent_, footprint, base) ||
           (base < recent_floor_ && disturbed(older_, footprint, base));
  });
}

bool TouchIndex::disturbed(const Places& places, const Footprint& seen, RevisionId base) {
  std::uint64_t hash = kRoot;
  for (std::size_t depth = 0;; ++depth) {
    const auto place = places.find(hash);
    // Whatever changed below a place has left a mark at it.
    if (place == places.end()) return false;
    if (place->second.itself > base) return true;
    if (depth == seen.path.depth()) {
      if (seen.seen == Seen::existence) return false;
      return (seen.seen == Seen::names ? place->second.members : place->second.below) > base;
    }
    hash = below(hash, seen.path.tokens()[depth]);
  }
}

void TouchIndex::take_back() {
  for (; !unsettled_.empty(); unsettled_.pop_back())
    recent_[unsettled_.back().hash] = unsettled_.back().place;
}

}  // namespace engine::store
