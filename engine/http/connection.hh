#pragma once

#include "net/connection_quota.hh"

#include "http/dialect.hh"
#include "http/limits.hh"
#include "http/transport.hh"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace engine::http {

class ConnectionSet;
class Handler;

/// The mechanics of a session: reads in chunks, keeps what its dialect does not take yet, writes
/// once per turn, and ends in good order. Lives on the loop of its set.
class Connection final : public Session {
 public:
  Connection(ConnectionSet& set,
             std::uint64_t id,
             std::unique_ptr<Transport> transport,
             std::optional<net::PeerCredentials> peer,
             std::string address,
             net::ConnectionQuota::Place place);
  ~Connection() override;

  [[nodiscard]] std::uint64_t id() const override { return id_; }
  [[nodiscard]] Protocol protocol() const override { return dialect_->protocol(); }
  [[nodiscard]] bool secure() const override { return transport_->secure(); }
  [[nodiscard]] const std::optional<net::PeerCredentials>& peer() const override { return peer_; }
  [[nodiscard]] const std::string& address() const override { return address_; }
  [[nodiscard]] const Request& upgrade_request() const override;
  [[nodiscard]] std::size_t in_flight() const override { return dialect_->in_flight(); }
  [[nodiscard]] std::size_t unsent() const override;
  [[nodiscard]] bool closed() const override { return gone_; }
  void send(std::string_view text) override;
  void when_writable(Completion<> done) override;
  void close(unsigned code, std::string_view reason) override;
  void abort() override;

  // For the dialects.
  [[nodiscard]] ConnectionSet& set() { return set_; }
  [[nodiscard]] Handler& handler();
  [[nodiscard]] const Limits& limits() const;
  [[nodiscard]] TimePoint now() const;
  [[nodiscard]] const std::weak_ptr<Session>& self() const { return self_; }
  [[nodiscard]] bool draining() const;
  [[nodiscard]] Dialect& dialect() { return *dialect_; }
  /// What waits to be written; append to it, then call `changed`.
  [[nodiscard]] std::string& out() { return out_; }
  /// Sends from a file behind what is queued. REQUIRES: nothing is queued until `on_file_sent`.
  void send_file(UniqueFd file, std::uint64_t size);
  /// Another dialect takes over with the next byte. `request` is what upgraded.
  void become(std::unique_ptr<Dialect> dialect, std::string_view head, const Request& request);
  [[nodiscard]] bool changing() const { return next_dialect_ != nullptr; }
  /// Something was queued, or became possible, outside the connection's own step.
  void changed();
  /// Closes when all is written; `linger` when the peer may still be sending, so that it reads our
  /// last words first.
  void end(bool linger);
  [[nodiscard]] bool ending() const { return closing_ || failed_; }
  /// When a byte last came or went, and when one last went.
  [[nodiscard]] TimePoint last_progress() const { return last_progress_; }
  [[nodiscard]] TimePoint last_output() const { return last_output_; }
  [[nodiscard]] TimePoint last_input() const { return last_input_; }

  // For the set.
  void start(std::shared_ptr<Connection> self, std::unique_ptr<Dialect> dialect);
  void note_events(std::uint32_t events);
  std::size_t read_input(std::span<char> room);
  void take_input();
  void write_output();
  [[nodiscard]] bool has_work() const;
  [[nodiscard]] bool finished() const;
  void check_time(TimePoint now);
  void drain();
  /// The connection is no more: fails what waits for it.
  void retire();
  [[nodiscard]] int fd() const { return transport_->fd(); }
  [[nodiscard]] bool in_step() const { return stepping_; }
  bool queued = false;  ///< in the set's list of connections to look at

 private:
  void handshake();
  void take_fresh(std::span<char> fresh, std::size_t& budget);
  void hand_over(std::size_t& budget);
  std::size_t hand_over(std::span<char> input, std::size_t& budget);
  void flush();
  bool send_file_part(std::size_t& allowance);
  void after_flush();
  void watch_writable(bool wanted);
  void trim_out();
  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] bool has_unread() const;
  [[nodiscard]] bool drained_out() const;

  ConnectionSet& set_;
  std::uint64_t id_;
  std::unique_ptr<Transport> transport_;
  std::optional<net::PeerCredentials> peer_;
  std::string address_;
  net::ConnectionQuota::Place place_;
  std::weak_ptr<Session> self_;
  std::unique_ptr<Dialect> dialect_;
  std::unique_ptr<Dialect> next_dialect_;
  struct Upgrade;
  std::unique_ptr<Upgrade> upgrade_;

  std::span<char> fresh_;  ///< what was read for the step that follows
  std::string in_;         ///< read, and not taken by the dialect yet
  std::string out_;
  std::size_t out_begin_ = 0;
  UniqueFd file_;
  std::uint64_t file_left_ = 0;
  std::vector<Completion<>> writable_waiters_;
  TimePoint opened_at_;
  TimePoint last_input_;
  TimePoint last_output_;
  TimePoint last_progress_;
  TimePoint linger_until_;
  bool shaking_hands_ = false;
  bool announced_ = false;  ///< the handler knows of us
  bool starved_ = false;    ///< what lies in in_ is the beginning of something
  bool blocked_ = false;    ///< the last write did not take all; waiting for EPOLLOUT
  bool watching_writable_ = false;
  bool end_came_ = false;  ///< the last read found the end of the input
  bool ended_ = false;     ///< the peer writes no more
  bool failed_ = false;
  bool closing_ = false;
  bool linger_ = false;
  bool output_ended_ = false;
  bool stepping_ = false;
  bool gone_ = false;
};

}  // namespace engine::http
