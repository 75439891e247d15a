#pragma once

#include "net/turns.hh"

#include "http/connection.hh"
#include "http/handler.hh"
#include "http/limits.hh"
#include "http/memory_share.hh"
#include "http/service.hh"

#include <memory>

namespace engine::http {

/// The connections of a Service, and what they have in common.
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
  [[nodiscard]] std::size_t count() const { return turns_->count(); }
  [[nodiscard]] Connection* find(std::uint64_t id) const { return turns_->find(id); }
  void drain(Completion<> done);

  // For the connections.
  void look_at(Connection& connection) { turns_->look_at(connection); }
  [[nodiscard]] loop::Loop& loop() { return turns_->loop(); }
  [[nodiscard]] Handler& handler() { return handler_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] net::Poller& poller() { return turns_->poller(); }
  /// What half-read bodies and messages hold.
  [[nodiscard]] MemoryPool& half_read() { return half_read_; }
  /// The time, as of the connection served last.
  [[nodiscard]] TimePoint now() const { return turns_->now(); }
  [[nodiscard]] bool draining() const { return turns_->draining(); }

 private:
  ConnectionSet(Handler& handler, const Limits& limits)
      : handler_(handler), limits_(limits), half_read_{.limit = limits.half_read} {}
  void welcome(UniqueFd socket, AdoptOptions options);

  Handler& handler_;
  Limits limits_;
  MemoryPool half_read_;
  std::unique_ptr<net::Turns<Connection>> turns_;
};

}  // namespace engine::http
