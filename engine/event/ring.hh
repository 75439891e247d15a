#pragma once

#include "event/filter.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace engine::event {

/// An event as it was published; shared by all who see it.
struct Record {
  std::uint64_t seq = 0;
  Event event;
  std::string text;  ///< {"ts","type","level","target"?,"job"?,"package"?,"path"?,"data"}
};
using RecordPtr = std::shared_ptr<const Record>;

/// Takes a matching event for the subscription `id`. Called in order of `seq` on the publisher's
/// thread, with the ring locked: it must be quick, must not wait and must not call the ring.
using Sink = std::function<void(std::uint64_t id, const RecordPtr&)>;

/// Where a subscription begins. At most one of the two is set.
struct Start {
  std::uint64_t since = 0;      ///< first replay events with a seq above this; 0: none
  std::size_t replay_last = 0;  ///< first replay this many matching events
};

/// What is kept for readers that come late.
struct RingLimits {
  std::size_t events = 8'192;
  std::size_t bytes = 16UL << 20U;
};

/// The last events of the process and who wants the next ones. Resource type, thread-safe.
class Ring {
 public:
  using Limits = RingLimits;
  struct Subscribed {
    std::uint64_t id = 0;    ///< to unsubscribe
    std::uint64_t next = 0;  ///< seq of the first live event
    std::size_t replayed = 0;
    bool gap = false;  ///< events after `since` are gone already
  };
  struct Page {
    std::vector<RecordPtr> records;
    std::uint64_t next = 0;  ///< give this as `since` to go on
    bool gap = false;        ///< events after `since` are gone already
  };

  explicit Ring(Limits limits = {}) : limits_(limits) {}

  /// Gives the event its number and hands it to all whose filter matches.
  /// REQUIRES: `event.data` is one valid JSON document.
  std::uint64_t publish(Event event);

  /// Replay and live events come without loss or repetition between them; the replayed ones come
  /// before this returns.
  Subscribed subscribe(Filter filter, Sink sink, Start start = {});
  /// When this returns the sink is not running and will not run again.
  void unsubscribe(std::uint64_t id);

  /// Up to `limit` matching events above `since`.
  [[nodiscard]] Page read(const Filter& filter, std::uint64_t since, std::size_t limit) const;
  /// Seq of the newest event; 0 before the first.
  [[nodiscard]] std::uint64_t last_seq() const;
  [[nodiscard]] std::size_t subscriptions() const;

 private:
  struct Subscription {
    Filter filter;
    Sink sink;
  };
  [[nodiscard]] bool has_gap(std::uint64_t since) const;
  std::size_t replay(std::uint64_t id, const Subscription& subscription, Start start) const;

  Limits limits_;
  mutable std::mutex mutex_;
  std::deque<RecordPtr> records_;
  std::size_t bytes_ = 0;
  std::uint64_t last_seq_ = 0;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Subscription> subscriptions_;
};

}  // namespace engine::event
