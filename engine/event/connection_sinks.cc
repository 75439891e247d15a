#include "event/connection_sinks.hh"

#include "base/verbosity.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace engine::event {
namespace {

/// Events taken from a ring at once, and written before other connections have their turn.
constexpr std::size_t kBatch = 32;
constexpr std::size_t kTurn = 512;

std::string event_head(std::uint64_t sub) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"event","params":{{"sub":{},)", sub);
}

std::string lagged_line(std::uint64_t sub, const Cursor::Lag& lag) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","method":"lagged","params":{{"sub":{},"dropped":{},"fromSeq":{},"toSeq":{}}}}})",
      sub,
      lag.dropped,
      lag.from_seq,
      lag.to_seq);
}

std::string end_line(std::uint64_t sub, std::string_view reason, const Cursor::Lag& missed) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","method":"end","params":{{"sub":{},"reason":"{}","dropped":{},"fromSeq":{},"toSeq":{}}}}})",
      sub,
      reason,
      missed.dropped,
      missed.from_seq,
      missed.to_seq);
}

}  // namespace

Result<Channel> channel_from_name(std::string_view name) {
  if (name == "events") return Channel::events;
  if (name == "logs") return Channel::logs;
  return fail(Errc::invalid_params, "channel: must be events or logs");
}

/// How many events a reader may be given now, when it wants no more than so many a second: they
/// come spread over the second.
class Allowance {
 public:
  explicit Allowance(std::size_t per_second)
      : rate_(static_cast<double>(per_second)), most_(std::max(1.0, rate_ / 10)), left_(most_) {}

  [[nodiscard]] std::size_t now() {
    if (rate_ == 0) return SIZE_MAX;
    const TimePoint at = Clock::now();
    left_ = std::min(most_, left_ + rate_ * std::chrono::duration<double>(at - seen_).count());
    seen_ = at;
    return static_cast<std::size_t>(left_);
  }
  void spend(std::size_t events) {
    if (rate_ != 0) left_ -= static_cast<double>(events);
  }
  /// Until the next event may go.
  [[nodiscard]] Milliseconds wait() const {
    return Milliseconds(static_cast<std::int64_t>(std::ceil(1'000 * (1 - left_) / rate_)));
  }

 private:
  double rate_;
  double most_;
  double left_;
  TimePoint seen_ = Clock::now();
};

/// One subscription and what it has taken and not yet written.
struct PushingSinks::Subscription {
  std::uint64_t id;
  std::string head;
  std::unique_ptr<Cursor> cursor;
  Allowance allowance;
  std::optional<log::Verbosity> verbosity = {};  ///< the lines it wants and no file does
  Cursor::Batch batch = {};
  std::size_t written = 0;
  std::optional<std::string> end = {};  ///< its last line, once that is known

  /// False when the outlet is full.
  bool write_batch(Outlet& outlet) {
    if (batch.lag && !outlet.push(lagged_line(id, *batch.lag), {})) return false;
    batch.lag.reset();
    for (; written < batch.records.size(); ++written) {
      if (!outlet.push(head, batch.records[written]->notification_tail())) return false;
    }
    return true;
  }

  /// Everything that was not written; nothing is taken any more.
  Cursor::Lag abandon() {
    Cursor::Lag missed = cursor->abandon();
    if (written < batch.records.size()) missed.from_seq = batch.records[written]->seq();
    missed.dropped += batch.records.size() - written;
    if (batch.lag) {
      missed.from_seq = batch.lag->from_seq;
      missed.dropped += batch.lag->dropped;
    }
    batch = {};
    written = 0;
    return missed;
  }

  /// Idle with `pause` set when the reader has had its share for now: what comes meanwhile waits.
  Pumped pump(Outlet& outlet, std::optional<Milliseconds>& pause) {
    std::size_t budget = kTurn;
    while (write_batch(outlet)) {
      if (batch.ended && !end) end = end_line(id, "lagged", abandon());
      if (end) return outlet.push(*end, {}) ? Pumped::over : Pumped::full;
      if (budget == 0) return Pumped::more;
      const bool is_live = !cursor->replaying();
      const std::size_t allowed = is_live ? allowance.now() : budget;
      if (allowed == 0) {
        pause = std::min(allowance.wait(), pause.value_or(Milliseconds::max()));
        return Pumped::idle;
      }
      written = 0;
      cursor->take(std::min({kBatch, budget, allowed}), batch);
      budget -= batch.records.size();
      if (is_live) allowance.spend(batch.records.size());
      if (batch.records.empty() && !batch.lag && !batch.ended) return Pumped::idle;
    }
    return Pumped::full;
  }
};

struct PushingSinks::Connection {
  std::mutex mutex;
  bool stalled = false;
  std::vector<Subscription> subscriptions;
  TimePoint paused_until = {};  ///< when it will be woken because of its limits of rate
};

PushingSinks::~PushingSinks() = default;

std::shared_ptr<PushingSinks::Connection> PushingSinks::find(std::uint64_t connection) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_connection_.find(connection);
  return found == by_connection_.end() ? nullptr : found->second;
}

Result<ConnectionSinks::Made> PushingSinks::subscribe(std::uint64_t connection,
                                                      Channel channel,
                                                      Filter filter,
                                                      Start start) {
  std::shared_ptr<Connection> owner;
  std::uint64_t sub = 0;
  {
    const std::lock_guard lock(mutex_);
    auto& known = by_connection_[connection];
    if (known == nullptr) known = std::make_shared<Connection>();
    owner = known;
    sub = ++last_sub_;
  }
  const std::lock_guard lock(owner->mutex);
  if (owner->subscriptions.size() >= kMostPerConnection) {
    return fail(Errc::busy,
                fmt::format("a connection may have {} subscriptions", kMostPerConnection));
  }
  std::optional<log::Verbosity> verbosity;
  if (channel == Channel::logs && filter.level && *filter.level < log::threshold()) {
    verbosity.emplace(*filter.level, filter.targets);
  }
  auto cursor = channels_.ring(channel).subscribe(
      std::move(filter), start, [this, connection] { wake_(connection); });
  const Made made{
      .sub = sub, .next = cursor->next(), .replayed = cursor->replayed(), .gap = cursor->gap()};
  owner->subscriptions.push_back({.id = sub,
                                  .head = event_head(sub),
                                  .cursor = std::move(cursor),
                                  .allowance = Allowance(start.max_rate),
                                  .verbosity = std::move(verbosity)});
  return made;
}

bool PushingSinks::unsubscribe(std::uint64_t connection, std::uint64_t sub) {
  const auto owner = find(connection);
  if (owner == nullptr) return false;
  const std::lock_guard lock(owner->mutex);
  return std::erase_if(owner->subscriptions, [sub](const auto& one) { return one.id == sub; }) > 0;
}

PushingSinks::Pumped PushingSinks::pump(std::uint64_t connection, Outlet& outlet) {
  const auto owner = find(connection);
  if (owner == nullptr) return Pumped::idle;
  const std::lock_guard lock(owner->mutex);
  if (owner->stalled) {
    std::erase_if(owner->subscriptions, [&outlet](Subscription& each) {
      if (!each.end) each.end = end_line(each.id, "stalled", each.abandon());
      return outlet.push(*each.end, {});
    });
    return owner->subscriptions.empty() ? Pumped::over : Pumped::full;
  }
  Pumped result = Pumped::idle;
  std::optional<Milliseconds> pause;
  for (Subscription& each : owner->subscriptions) {
    const Pumped one = each.pump(outlet, pause);
    if (one == Pumped::full || one == Pumped::over) return one;
    if (one == Pumped::more) result = one;
  }
  const TimePoint now = Clock::now();
  if (pause && (owner->paused_until <= now || now + *pause < owner->paused_until)) {
    owner->paused_until = now + *pause;
    wake_later_(connection, *pause);
  }
  return result;
}

void PushingSinks::stall(std::uint64_t connection) {
  const auto owner = find(connection);
  if (owner == nullptr) return;
  const std::lock_guard lock(owner->mutex);
  owner->stalled = true;
}

void PushingSinks::drop(std::uint64_t connection) {
  std::shared_ptr<Connection> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_connection_.find(connection);
    if (found == by_connection_.end()) return;
    ended = std::move(found->second);
    by_connection_.erase(found);
  }
  const std::lock_guard lock(ended->mutex);
  ended->subscriptions.clear();
}

bool PushingSinks::has(std::uint64_t connection) const {
  const auto owner = find(connection);
  if (owner == nullptr) return false;
  const std::lock_guard lock(owner->mutex);
  return !owner->subscriptions.empty();
}

std::size_t PushingSinks::connections() const {
  const std::lock_guard lock(mutex_);
  return by_connection_.size();
}

}  // namespace engine::event
