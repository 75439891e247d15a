#pragma once

#include "net/poller.hh"

#include "http/connection.hh"
#include "http/handler.hh"
#include "http/limits.hh"
#include "http/memory_share.hh"
#include "http/service.hh"

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

namespace engine::http {

/// The connections of a Service and their turns: every one with something to do has one step, what
/// is left waits for the next turn (as net::LineService does).
class ConnectionSet {
 public:
  static Result<std::unique_ptr<ConnectionSet>> open(loop::Loop& loop,
                                                     Handler& handler,
                                                     const Limits& limits,
                                                     unsigned index);
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;
  ~ConnectionSet();

  void adopt(UniqueFd socket, AdoptOptions options);
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] Connection* find(std::uint64_t id) const;
  void drain(Completion<> done);

  // For the connections.
  void look_at(Connection& connection);
  [[nodiscard]] loop::Loop& loop() { return loop_; }
  [[nodiscard]] Handler& handler() { return handler_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] net::Poller& poller() { return *poller_; }
  /// The read buffer shared by all; page-aligned. Nobody keeps anything in it across a step.
  [[nodiscard]] std::span<char> scratch() { return {scratch_.get(), limits_.read_chunk}; }
  /// What half-read bodies and messages hold.
  [[nodiscard]] MemoryPool& half_read() { return half_read_; }
  /// The time, as of the connection served last.
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] bool draining() const { return draining_; }

 private:
  static constexpr unsigned kIndexShift = 40;

  ConnectionSet(loop::Loop& loop, Handler& handler, const Limits& limits, unsigned index);
  void welcome(UniqueFd socket, AdoptOptions options);
  void turn();
  std::size_t serve_group(std::size_t first);
  void let_others_join();
  void schedule();
  void rest();
  void retire(Connection& connection);
  void watch_time();
  bool keep_spinning();

  loop::Loop& loop_;
  Handler& handler_;
  Limits limits_;
  MemoryPool half_read_;
  unsigned index_;
  std::unique_ptr<net::Poller> poller_;
  std::unique_ptr<char, void (*)(void*)> scratch_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
  std::vector<Connection*> to_look_at_;
  std::vector<Connection*> looking_at_;
  std::vector<std::shared_ptr<Connection>> retired_;  ///< ended in this turn
  std::uint64_t next_id_ = 1;
  std::atomic<std::size_t> count_ = 0;
  loop::Timer clock_;
  Milliseconds tick_;
  Completion<> drained_;
  TimePoint now_;
  TimePoint last_work_;
  TimePoint may_join_until_;  ///< the turn under way
  bool draining_ = false;
  bool scheduled_ = false;
  bool in_turn_ = false;
  bool clock_running_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace engine::http
