#pragma once

#include "base/time.hh"

#include "http/session.hh"

#include <cstddef>
#include <span>
#include <string_view>

namespace engine::http {

/// What a connection speaks: makes requests, messages or lines of the bytes that come, and bytes of
/// the answers. Does no I/O; owned by its Connection.
class Dialect {
 public:
  virtual ~Dialect() = default;
  [[nodiscard]] virtual Protocol protocol() const = 0;

  /// Takes what it can from the front of `input` and says how much. Of the rest it may get more at
  /// the next call, and the same again in front. Each request, message or line costs one of
  /// `budget`. The bytes may be changed.
  virtual std::size_t take(std::span<char> input, std::size_t& budget) = 0;
  /// No more input comes.
  virtual void end_of_input() {}
  /// Whether `take` would do nothing now, whatever it gets.
  [[nodiscard]] virtual bool paused() const = 0;
  /// Whether `take` has something to do without new bytes.
  [[nodiscard]] virtual bool has_unread() const { return false; }
  /// Requests, messages or lines handed out and not answered.
  [[nodiscard]] virtual std::size_t in_flight() const = 0;
  /// Bytes of answers that wait for an earlier one.
  [[nodiscard]] virtual std::size_t held_back() const { return 0; }

  /// Queues a message of our own.
  virtual void send(std::string_view /*text*/) {}
  /// One message or line is answered; `text` is null when nothing is to be written.
  virtual void answer(const std::string_view* /*text*/) {}

  virtual void close(unsigned code, std::string_view reason) = 0;
  /// Takes no more requests; closes the connection when the last is answered.
  virtual void drain() = 0;
  /// The file given to Connection::send_file is written.
  virtual void on_file_sent() {}
  /// All that was queued is written, or has fallen below Limits::writable.
  virtual void on_room() {}
  virtual void check_time(TimePoint now) = 0;
  /// The connection is lost; what waits for it fails.
  virtual void on_gone() {}
};

}  // namespace engine::http
