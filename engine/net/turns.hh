#pragma once

#include "base/time.hh"
#include "loop/loop.hh"
#include "net/poller.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace engine::net {

struct TurnOptions {
  unsigned index = 0;                 ///< tells the services of one process apart; below 4096
  std::size_t read_chunk = 0;         ///< bytes read from a connection at once
  std::chrono::microseconds spin{0};  ///< poll so long after work before sleeping (burns CPU)
  Milliseconds tick{0};               ///< how often Connection::check_time is called; 0: never
};

/// The service that gave a connection its id (TurnOptions::index).
inline unsigned service_of(std::uint64_t id) {
  return static_cast<unsigned>(id >> 40U);
}

/// The connections of one loop and their turns: every one with something to do has one step, what
/// is left waits for the next turn. A step reads, hands out and writes, each of the three together
/// with its neighbours: answers that are ready soon go out together, and a processor that does the
/// same thing many times in a row does it faster.
///
/// Resource type; lives on its loop, its thread-safe functions excepted. A `Connection` has fd(),
/// id(), note_events(), in_step(), has_work(), finished(), check_time(), a flag `queued` that is
/// not its own, and the three parts of its step:
/// - read_input(room) reads once and returns how much of `room` has to stay as it is until
/// - take_input(), which hands out what came; then
/// - write_output() writes what was answered.
template <typename Connection>
class Turns {
 public:
  /// `on_end` is called with each connection that has finished; it stays until the end of the turn.
  static Result<std::unique_ptr<Turns>> open(loop::Loop& loop,
                                             const TurnOptions& options,
                                             UniqueFunction<void(Connection&)> on_end) {
    std::unique_ptr<Turns> turns(new Turns(loop, options, std::move(on_end)));
    TRY_ASSIGN(turns->poller_, Poller::open(loop, [raw = turns.get()] { raw->turn(); }));
    turns->poller_->arm();
    return turns;
  }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;
  ~Turns() { *alive_ = false; }
  /// Ends every connection at once, for good: no turn comes after this.
  void end_all() {
    *alive_ = false;
    in_turn_ = true;
    for (const auto& [id, connection] : std::exchange(connections_, {})) {
      poller_->remove(connection->fd());
      on_end_(*connection);
    }
  }

  [[nodiscard]] std::uint64_t new_id() {
    return (std::uint64_t{options_.index} << 40U) | next_id_++;
  }
  /// Watches `connection` from here on. ERRORS: as epoll_ctl.
  Result<> add(std::shared_ptr<Connection> connection) {
    TRY(poller_->add(connection->fd(), EPOLLIN | EPOLLRDHUP, connection.get()));
    connections_.emplace(connection->id(), std::move(connection));
    ++count_;
    watch_time();
    return {};
  }
  [[nodiscard]] Connection* find(std::uint64_t id) const {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
  }
  template <typename F>
  void each(F&& use) const {
    for (const auto& [id, connection] : connections_)
      use(*connection);
  }

  /// Runs `work` on the loop, unless this is destroyed before. Thread-safe.
  template <typename F>
  void post(F work) {
    loop_.post([alive = alive_, work = std::move(work)]() mutable {
      if (*alive) work();
    });
  }
  /// The same for work that adds a connection, which counts at once. Thread-safe.
  template <typename F>
  void post_adding(F work) {
    ++count_;
    post([this, work = std::move(work)]() mutable {
      --count_;
      work();
    });
  }
  /// Connections open or about to be. Thread-safe.
  [[nodiscard]] std::size_t count() const { return count_; }

  /// The connection has something to do.
  void look_at(Connection& connection) {
    if (connection.queued) return;
    connection.queued = true;
    to_look_at_.push_back(&connection);
    schedule();
  }
  /// Has `done` run when no connection is left.
  void drain(Completion<> done) {
    draining_ = true;
    drained_ = std::move(done);
    schedule();
  }
  [[nodiscard]] bool draining() const { return draining_; }

  [[nodiscard]] loop::Loop& loop() { return loop_; }
  [[nodiscard]] Poller& poller() { return *poller_; }
  /// The time, as of the connection served last.
  [[nodiscard]] TimePoint now() const { return now_; }
  void update_now() { now_ = read_clock(); }

 private:
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kCacheLine = 64;
  /// What is read before any of it is looked at stays in the nearest cache.
  static constexpr std::size_t kReadAhead = 16UL << 10U;
  static std::size_t rounded_up(std::size_t size, std::size_t unit) {
    return (size + unit - 1) / unit * unit;
  }

  Turns(loop::Loop& loop, const TurnOptions& options, UniqueFunction<void(Connection&)> on_end)
      : loop_(loop),
        options_(options),
        on_end_(std::move(on_end)),
        // The kernel copies into a buffer that begins on a page several times faster than into one
        // that malloc places 16 bytes after it.
        room_size_(rounded_up(options.read_chunk + kReadAhead, kPage)),
        room_(static_cast<char*>(std::aligned_alloc(kPage, room_size_)), &std::free),
        clock_(loop),
        now_(read_clock()) {}

  void schedule() {
    if (scheduled_ || in_turn_) return;
    scheduled_ = true;
    post([this] {
      scheduled_ = false;
      turn();
    });
  }

  void turn() {
    in_turn_ = true;
    for (const epoll_event& event : poller_->collect()) {
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      connection.note_events(event.events);
      look_at(connection);
    }
    update_now();
    may_join_until_ = now_ + kAnswersWait;
    looking_at_.swap(to_look_at_);
    for (Connection* connection : looking_at_)
      connection->queued = false;
    read_ = 0;
    for (std::size_t served = 0; served < looking_at_.size();) {
      served = serve_group(served);
      last_work_ = now_;
    }
    looking_at_.clear();
    ended_.clear();
    in_turn_ = false;
    rest();
  }

  /// Serves the next few from `first` on, as many as get their answers soon; returns where the rest
  /// begins.
  std::size_t serve_group(std::size_t first) {
    const TimePoint end = now_ + kAnswersWait;
    std::size_t next = first;
    do {
      if (next == read_) read_next();
      looking_at_[next++]->take_input();
      now_ = clock_after(now_);
      if (next == looking_at_.size() && next - first >= kLookAgain) let_others_join();
    } while (next < looking_at_.size() && now_ < end);
    for (Connection* connection : std::span(looking_at_).subspan(first, next - first)) {
      connection->write_output();
      if (connection->finished()) {
        finish(*connection);
      } else if (connection->has_work()) {
        look_at(*connection);
      }
    }
    return next;
  }

  /// Reads from those whose turn it is, as long as there is room for what they may have.
  void read_next() {
    std::span<char> room(room_.get(), room_size_);
    while (read_ < looking_at_.size() && room.size() >= options_.read_chunk) {
      const std::size_t used = looking_at_[read_++]->read_input(room.first(options_.read_chunk));
      room = room.subspan(std::min(room.size(), rounded_up(used, kCacheLine)));
    }
  }

  /// What has become ready since the turn began has its step in it, if the turn is still young.
  void let_others_join() {
    if (now_ >= may_join_until_) return;
    for (const epoll_event& event : poller_->collect()) {
      auto& connection = *static_cast<Connection*>(event.data.ptr);
      connection.note_events(event.events);
      if (connection.in_step()) {
        look_at(connection);
      } else {
        looking_at_.push_back(&connection);
      }
    }
  }

  /// Takes another turn, or sleeps until a socket is ready.
  void rest() {
    if (draining_ && connections_.empty() && drained_) {
      loop_.post([done = std::exchange(drained_, {})]() mutable { done({}); });
    } else if (!to_look_at_.empty() || keeps_spinning()) {
      schedule();
    } else {
      poller_->arm();
    }
  }
  [[nodiscard]] bool keeps_spinning() const {
    return options_.spin.count() > 0 && read_clock() - last_work_ < options_.spin;
  }

  void finish(Connection& connection) {
    poller_->remove(connection.fd());
    on_end_(connection);
    if (connection.queued) std::erase(to_look_at_, &connection);
    const auto found = connections_.find(connection.id());
    ended_.push_back(std::move(found->second));
    connections_.erase(found);
    --count_;
  }

  void watch_time() {
    if (clock_running_ || options_.tick.count() == 0) return;
    clock_running_ = true;
    clock_.start(options_.tick, [this] {
      clock_running_ = false;
      now_ = Clock::now();
      each([this](Connection& connection) { connection.check_time(now_); });
      if (!connections_.empty()) watch_time();
    });
  }

  loop::Loop& loop_;
  const TurnOptions options_;
  UniqueFunction<void(Connection&)> on_end_;
  std::unique_ptr<Poller> poller_;
  const std::size_t room_size_;
  std::unique_ptr<char, void (*)(void*)> room_;  ///< for what is read; page-aligned
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<Connection*> to_look_at_;
  std::vector<Connection*> looking_at_;
  std::size_t read_ = 0;  ///< of those, how many have been read from in this turn
  std::vector<std::shared_ptr<Connection>> ended_;  ///< in this turn
  std::uint64_t next_id_ = 1;
  std::atomic<std::size_t> count_ = 0;
  loop::Timer clock_;
  Completion<> drained_;
  TimePoint now_;
  TimePoint may_join_until_;  ///< within this turn
  TimePoint last_work_;
  bool draining_ = false;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool clock_running_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace engine::net
