#pragma once

#include "base/time.hh"
#include "base/unique_fd.hh"
#include "net/connection_quota.hh"
#include "net/line_framer.hh"
#include "net/pace.hh"
#include "net/unix_address.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace engine::net {

class LineService;
class LineSession;

/// The right to answer one line, once, inline or later, on the session's loop. Move-only. Destroyed
/// unused, nothing is written for the line. Answers of a session that is gone go nowhere.
class Answer {
 public:
  Answer() = default;
  explicit Answer(std::weak_ptr<LineSession> session) : session_(std::move(session)) {}
  Answer(Answer&&) noexcept = default;
  Answer& operator=(Answer&& other) noexcept;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { drop(); }

  /// Queues `text`, which must be one line, and its LF; `close_after` it, no more lines are taken.
  void send(std::string_view text, bool close_after = false);
  /// Lets `write(std::string& out)` append the line straight to what will be sent.
  template <typename F>
  void write(F&& write) {
    if (const auto session = std::exchange(session_, {}).lock()) {
      write(output(*session));
      finish(*session, true);
    }
  }
  /// Gives the right up: nothing is written.
  void drop();

 private:
  static std::string& output(LineSession& session);
  static void finish(LineSession& session, bool written);
  std::weak_ptr<LineSession> session_;
};

/// Bounds of one connection.
struct LineLimits {
  LineFramer::Limits framer = {};
  std::size_t in_flight = 64;            ///< lines handed out and not answered; reading stops there
  std::size_t unsent = 1UL << 20U;       ///< bytes waiting for the peer; reading stops above
  std::size_t pushed = 256UL << 10U;     ///< bytes waiting above which no push is taken
  std::size_t lines_per_turn = 128;      ///< then other connections have their turn
  std::size_t read_chunk = 64UL << 10U;  ///< bytes read per connection and turn
  Milliseconds stalled_line{10'000};     ///< a begun line without a new byte; 0: for ever
  std::size_t min_rate = 512;            ///< bytes a second of a begun line; 0: any
  Milliseconds idle{0};                  ///< a connection with nothing going on; 0: for ever
  Milliseconds stalled_push{30'000};     ///< pushes wait and the peer takes not a byte; 0: for ever
  Milliseconds stalled_end{300'000};     ///< … and then until it is cut: LineHandler::on_stalled
  bool tell_http = false;                ///< HTTP is handed over: LineHandler::on_http
  std::chrono::microseconds spin{0};     ///< poll so long after work before sleeping (burns CPU)
};

template <typename Connection>
class Turns;

/// One connection that speaks lines. Made and owned by a LineService; lives on its loop.
class LineSession {
 public:
  LineSession(LineService& service, std::uint64_t id, UniqueFd socket, PeerCredentials peer);
  LineSession(const LineSession&) = delete;
  LineSession& operator=(const LineSession&) = delete;
  ~LineSession();

  /// Unique in the process, below 2^53.
  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] const PeerCredentials& peer() const { return peer_; }
  /// Whatever the handler wants to find again with each line of this connection.
  std::shared_ptr<void> attachment;
  /// Held as long as the connection is open, here or where it is handed over to.
  ConnectionQuota::Place place;
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t unsent() const { return out_.size() - out_begin_; }
  [[nodiscard]] bool closed() const { return !socket_; }
  /// Bytes the kernel has taken, and those plus what waits, since the connection began: tells
  /// whether a line sent earlier has left the process.
  [[nodiscard]] std::uint64_t sent_total() const { return sent_total_; }
  [[nodiscard]] std::uint64_t queued_total() const { return sent_total_ + unsent(); }

  /// Queues the line `head` + `tail` of our own. False when the peer is too slow: nothing is
  /// queued, and LineHandler::on_room is called once there is room.
  bool push(std::string_view head, std::string_view tail = {});
  /// Queues a line whatever is waiting already.
  void send(std::string_view line);
  /// Takes no more lines and closes when all that is queued is written.
  void close();

 private:
  friend class Answer;
  friend class LineService;
  friend class Turns<LineSession>;

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool in_step() const { return stepping_; }
  void note_events(std::uint32_t events);
  std::size_t read_input(std::span<char> room);
  void take_input();
  void write_output();
  void take_chunk(std::string_view chunk);
  void end_input();
  void hand_out_lines(std::size_t& budget);
  void flush();
  void offer_room();
  void give_up_line();
  void watch_writable(bool wanted);
  void finish_answer(bool written);
  void changed();
  void check_time(TimePoint now);
  [[nodiscard]] bool paused() const;
  [[nodiscard]] bool has_work() const;
  [[nodiscard]] bool finished() const;

  LineService& service_;
  std::uint64_t id_;
  UniqueFd socket_;
  PeerCredentials peer_;
  std::weak_ptr<LineSession> self_;
  LineFramer framer_;
  std::string out_;
  std::size_t out_begin_ = 0;
  std::uint64_t sent_total_ = 0;
  std::size_t in_flight_ = 0;
  Pace pace_;  ///< of a begun line
  TimePoint last_input_;
  TimePoint last_output_;   ///< when the peer last took a byte, or had nothing to take
  std::string_view fresh_;  ///< what was read for the step that follows
  std::string beginning_;   ///< the first bytes while they may be HTTP
  bool readable_ = true;    ///< a read may give something
  bool blocked_ = false;    ///< the last write did not take all; waiting for EPOLLOUT
  bool watching_writable_ = false;
  bool end_is_near_ = false;  ///< the kernel said that the input ends after what is there
  bool end_came_ = false;     ///< the last read found the end of the input
  bool ended_ = false;        ///< the peer writes no more
  bool hung_up_ = false;      ///< the peer is gone altogether
  bool failed_ = false;
  bool closing_ = false;
  bool telling_ = false;      ///< not yet known whether it is HTTP
  bool handed_over_ = false;  ///< it is
  bool queued = false;        ///< in the list of Turns
  bool stepping_ = false;
  bool stalled_ = false;     ///< the handler knows that the peer takes no pushes
  bool wants_room_ = false;  ///< a push was refused, or somebody has one: on_room is due
};

}  // namespace engine::net
