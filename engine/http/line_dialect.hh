#pragma once

#include "net/line_framer.hh"
#include "net/pace.hh"

#include "http/connection.hh"
#include "http/dialect.hh"
#include "http/memory_share.hh"

namespace engine::http {

/// Lines, as net::LineSession speaks them.
class LineDialect final : public Dialect {
 public:
  explicit LineDialect(Connection& connection);

  [[nodiscard]] Protocol protocol() const override { return Protocol::lines; }
  std::size_t take(std::span<char> input, std::size_t& budget) override;
  void end_of_input() override;
  [[nodiscard]] bool paused() const override;
  [[nodiscard]] bool has_unread() const override { return framer_.has_unread(); }
  [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }
  void send(std::string_view text) override;
  void answer(const std::string_view* text) override;
  void close(unsigned code, std::string_view reason) override;
  void drain() override;
  void check_time(TimePoint now) override;

 private:
  void give_up();
  void maybe_end();

  Connection& connection_;
  net::LineFramer framer_;
  MemoryShare line_share_;
  net::Pace line_pace_;
  std::size_t in_flight_ = 0;
  bool ended_ = false;
  bool draining_ = false;
};

}  // namespace engine::http
