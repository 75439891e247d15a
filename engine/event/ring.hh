#pragma once

#include "event/filter.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace engine::event {

/// What becomes of events a reader is too slow for.
enum class LagPolicy : std::uint8_t {
  drop_oldest,  ///< the oldest go; the reader is told how many and which
  coalesce,     ///< of each key only the newest stays; terminal events are never dropped
  disconnect,   ///< the subscription ends
};
/// ERRORS: Errc::invalid_params.
Result<LagPolicy> lag_policy_from_name(std::string_view name);

/// How a subscription begins and what it holds.
struct Start {
  std::uint64_t since = 0;      ///< first replay matching events with a seq above this; 0: none
  std::size_t replay_last = 0;  ///< first replay this many matching events (at most 1000)
  LagPolicy policy = LagPolicy::drop_oldest;
  std::size_t buffer = 1'024;  ///< events that may wait (64 to 16384)
  std::size_t max_rate = 0;    ///< live events a second, of a connection's reader; 0: all
};

/// What is kept for readers that come late.
struct RingLimits {
  std::size_t events = 8'192;
  std::size_t bytes = 16UL << 20U;
};

/// Numbers for events that no other life of the instance has given. The owner reserves them on disk
/// before they are used.
struct Numbers {
  std::uint64_t last = 0;         ///< the newest number of an earlier life
  std::uint64_t reserved = ~0UL;  ///< the last number that may be given
};

class Cursor;

/// The last events of the process and who reads on. Resource type, thread-safe.
///
/// Publishing never waits for a reader and allocates nothing per reader: a reader is a place in the
/// sequence. Readers with equal filters and policies share the search and its result.
class Ring {
 public:
  using Limits = RingLimits;
  static constexpr std::size_t kMostReplayed = 1'000;
  static constexpr std::size_t kLeastBuffer = 64;
  static constexpr std::size_t kMostBuffer = 16'384;

  struct Page {
    std::vector<RecordPtr> records;
    std::uint64_t next = 0;  ///< give this as `since` to go on
    bool gap = false;        ///< events after `since` are gone already
  };
  /// Told, on a publisher's thread with the ring locked, that the numbers run short.
  using Reserve = std::function<void(std::uint64_t wanted)>;

  explicit Ring(Limits limits = {});
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  /// REQUIRES: no cursor is left.
  ~Ring();

  /// Continues the numbers of an earlier life. `reserve` is called once for each block.
  void set_numbers(Numbers numbers, Reserve reserve);
  /// Numbers up to `last` may be given now.
  void reserved(std::uint64_t last);

  /// Gives the event its number and wakes the readers it is for.
  /// REQUIRES: `event.data` is one valid JSON document.
  std::uint64_t publish(Event event);

  /// A reader of what matches: replayed and live events without loss or repetition between them.
  /// `wake` runs when events have come for a reader that had found none, on a publisher's thread
  /// with the ring locked, and once in this call if something is replayed: it should only post.
  std::unique_ptr<Cursor> subscribe(Filter filter, Start start, std::function<void()> wake);

  /// Up to `limit` matching events above `since`.
  [[nodiscard]] Page read(const Filter& filter, std::uint64_t since, std::size_t limit) const;
  /// The last `limit` matching events, oldest first.
  [[nodiscard]] Page last(const Filter& filter, std::size_t limit) const;
  /// Seq of the newest event; 0 before the first of all lives.
  [[nodiscard]] std::uint64_t last_seq() const;
  [[nodiscard]] std::size_t subscriptions() const;
  /// Events and bytes held now.
  [[nodiscard]] RingLimits held() const;

 private:
  friend class Cursor;
  struct Group;

  [[nodiscard]] bool has_gap(std::uint64_t since) const;
  [[nodiscard]] std::vector<RecordPtr> find_last(const Filter& filter, std::size_t limit) const;
  [[nodiscard]] std::vector<RecordPtr> find_after(const Filter& filter, std::uint64_t since) const;
  void forget_oldest();
  Group& group_of(Filter filter, LagPolicy policy);
  void leave(Cursor& cursor);

  Limits limits_;
  mutable std::mutex mutex_;
  std::deque<RecordPtr> records_;
  std::size_t bytes_ = 0;
  Numbers numbers_;
  Reserve reserve_;
  bool reserving_ = false;
  std::size_t cursors_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
};

/// One reader's place in a ring. Resource type; one thread at a time. Ends when destroyed: `wake`
/// is not running and will not run again then. The ring outlives it.
class Cursor {
 public:
  /// What the reader missed, between the event before and the one after.
  struct Lag {
    std::uint64_t dropped = 0;  ///< matching events
    std::uint64_t from_seq = 0;
    std::uint64_t to_seq = 0;
  };
  struct Batch {
    std::optional<Lag> lag;  ///< comes before the records
    std::vector<RecordPtr> records;
    bool ended = false;  ///< the reader was too slow for its policy; nothing comes any more
  };

  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  /// Takes up to `most` events. A batch without records arms `wake`.
  void take(std::size_t most, Batch& into);
  /// Ends it: what it has missed is all that matched and was not taken.
  Lag abandon();

  [[nodiscard]] std::uint64_t next() const { return next_; }  ///< seq of the first live event
  /// Whether the next to take are replayed ones.
  [[nodiscard]] bool replaying() const { return !replay_.empty(); }
  [[nodiscard]] std::size_t replayed() const { return replayed_; }
  [[nodiscard]] bool gap() const { return gap_; }  ///< events after `since` were gone already

 private:
  friend class Ring;
  Cursor(Ring& ring, Ring::Group& group, Start start, std::function<void()> wake);
  void catch_up(Batch& into);

  Ring& ring_;
  Ring::Group& group_;
  Start start_;
  std::function<void()> wake_;
  std::uint64_t at_ = 0;    ///< ordinal in the group of the next event to take
  std::uint64_t seen_ = 0;  ///< seq of the last event taken, or of the last before the beginning
  std::deque<RecordPtr> replay_;
  bool armed_ = false;
  bool ended_ = false;
  std::uint64_t next_ = 0;
  std::size_t replayed_ = 0;
  bool gap_ = false;
};

}  // namespace engine::event
