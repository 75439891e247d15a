#pragma once

#include "event/ring.hh"

#include <algorithm>

namespace engine::event {

/// The readers of one filter and policy, and the events that wait for the slowest of them. Each
/// event that matched has an ordinal; a reader's place is one. Guarded by the ring's mutex.
struct Ring::Group {
  Group(Filter wanted, LagPolicy on_lag) : filter(std::move(wanted)), policy(on_lag) {}

  [[nodiscard]] std::uint64_t end() const { return first + waiting.size(); }

  /// Adds an event that matches and wakes who waits.
  void add(const RecordPtr& record);
  /// Lets go of what the ring has forgotten, of what all have read, and of what is too much.
  void trim(std::uint64_t oldest_seq);
  void pop();
  void compact();
  void bound_coalesced();

  Filter filter;
  LagPolicy policy;
  std::deque<RecordPtr> waiting;  ///< null: superseded by a newer event of the same key
  std::uint64_t first = 0;        ///< ordinal of the first that waits
  std::uint64_t lost = 0;         ///< who is before this has missed an event
  std::unordered_map<std::string, std::uint64_t> newest;  ///< key → ordinal, when coalescing
  std::vector<Cursor*> readers;
  std::size_t keep = kLeastBuffer;  ///< the largest buffer of a reader
  std::size_t look_at = 64;         ///< size at which the slowest reader is looked for
  std::string name;                 ///< in the ring's table
};

}  // namespace engine::event
