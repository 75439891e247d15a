#pragma once

#include "net/pace.hh"

#include "http/connection.hh"
#include "http/dialect.hh"
#include "http/frame_reader.hh"
#include "http/memory_share.hh"

#include <array>
#include <optional>
#include <string>

namespace engine::http {

/// What is wrong with a WebSocket handshake (426, 400); none when nothing is.
std::optional<Response> check_websocket_request(const Request& request);
/// Appends the "101 Switching Protocols" that answers `request`.
void write_websocket_accept(std::string& out, const Request& request);

/// WebSocket (RFC 6455), server side, without extensions.
class WebSocketDialect final : public Dialect {
 public:
  explicit WebSocketDialect(Connection& connection);

  [[nodiscard]] Protocol protocol() const override { return Protocol::websocket; }
  std::size_t take(std::span<char> input, std::size_t& budget) override;
  void end_of_input() override;
  [[nodiscard]] bool paused() const override;
  [[nodiscard]] std::size_t in_flight() const override { return in_flight_; }
  void send(std::string_view text) override;
  void answer(const std::string_view* text) override;
  void close(unsigned code, std::string_view reason) override;
  void drain() override;
  void check_time(TimePoint now) override;
  void on_gone() override;

 private:
  void on_part(const FrameReader::Part& part, std::size_t& budget);
  void on_data(const FrameReader::Part& part, std::size_t& budget);
  void on_control(std::uint8_t opcode, std::string_view payload);
  void on_peer_close(std::string_view payload);
  void deliver(std::string_view message, std::size_t& budget);
  void fail(unsigned code, std::string_view reason);
  void tell_close(unsigned code, std::string_view reason);
  void drained();

  Connection& connection_;
  FrameReader reader_;
  std::string message_;  ///< the parts so far of the message being received
  MemoryShare message_share_;
  net::Pace message_pace_;
  bool in_message_ = false;  ///< it is not complete
  std::string control_;      ///< the parts so far of a control frame
  std::size_t in_flight_ = 0;
  std::array<char, 8> ping_ = {};
  std::optional<TimePoint> ping_sent_;
  std::optional<TimePoint> close_sent_;
  bool told_ = false;  ///< the handler knows that it closes
  bool draining_ = false;
};

}  // namespace engine::http
