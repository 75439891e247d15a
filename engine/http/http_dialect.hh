#pragma once

#include "net/pace.hh"

#include "http/body_queue.hh"
#include "http/chunk_reader.hh"
#include "http/connection.hh"
#include "http/dialect.hh"
#include "http/handler.hh"
#include "http/memory_share.hh"
#include "http/request_head.hh"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace engine::http {

/// HTTP/1.1 of one connection: requests in, any number of them before the first is answered, and
/// their responses out in the same order.
class HttpDialect final : public Dialect {
 public:
  explicit HttpDialect(Connection& connection);

  [[nodiscard]] Protocol protocol() const override { return Protocol::http; }
  std::size_t take(std::span<char> input, std::size_t& budget) override;
  void end_of_input() override;
  [[nodiscard]] bool paused() const override;
  [[nodiscard]] std::size_t in_flight() const override { return slots_.size(); }
  [[nodiscard]] std::size_t held_back() const override { return held_back_; }
  void close(unsigned code, std::string_view reason) override;
  void drain() override;
  void on_file_sent() override;
  void on_room() override;
  void check_time(TimePoint now) override;
  void on_gone() override;

  // For Responder; a sequence that is answered already is ignored.
  void respond(std::uint64_t sequence, const Response& response);
  void respond_file(std::uint64_t sequence,
                    const Response& head,
                    UniqueFd file,
                    std::uint64_t size);

 private:
  /// The place of one response in the order of answers.
  struct Slot {
    enum class State : std::uint8_t { waiting, file, done };
    State state = State::waiting;
    bool no_body = false;   ///< HEAD
    bool old = false;       ///< HTTP/1.0
    bool last = false;      ///< the connection closes behind it
    bool streamed = false;  ///< the request's body was streamed
    std::string held;       ///< written before its turn came
    UniqueFd file;
    std::uint64_t file_size = 0;
  };
  enum class State : std::uint8_t { head, body };

  std::size_t take_head(std::span<char> input, std::size_t& budget);
  std::size_t take_body(std::string_view input, std::size_t& budget);
  std::size_t take_fixed(std::string_view input, std::string& body);
  std::size_t take_chunked(std::string_view input, std::string& body);
  std::size_t begin_request(std::span<char> input, std::size_t size, std::size_t& budget);
  std::size_t begin_body(std::string_view block, BodyMode mode);
  void drop_body();
  void body_complete(std::size_t& budget);
  void body_broken(unsigned status, std::string_view text);
  void hand_out(const Request& request);
  void hand_out_oversize();
  void upgrade(std::string_view block);
  void refuse(unsigned status, std::string_view text);
  void invite_body();
  Responder new_slot(const Request& request);
  Slot* find(std::uint64_t sequence);
  [[nodiscard]] bool is_front(const Slot& slot) const { return &slot == &slots_.front(); }
  void append(Slot& slot, std::string_view bytes);
  void append_head(Slot& slot, const Response& response, std::uint64_t length);
  void complete(Slot& slot);
  void pump();
  void promote(Slot& slot);
  void maybe_end();

  Connection& connection_;
  HeadScanner scanner_;
  RequestHead head_;
  std::optional<TimePoint> head_begun_;

  State state_ = State::head;
  std::string block_;  ///< the header block of a request whose body is being read
  std::string body_;
  MemoryShare body_share_;
  std::uint64_t body_left_ = 0;
  std::unique_ptr<ChunkReader> chunks_;
  std::shared_ptr<BodyQueue> queue_;  ///< of a streamed body
  std::uint64_t body_come_ = 0;       ///< bytes of it, and of its chunks' heads
  net::Pace body_pace_;
  bool invite_ = false;  ///< "100 Continue" is due

  std::deque<Slot> slots_;
  std::uint64_t first_sequence_ = 0;  ///< of slots_.front()
  std::size_t held_back_ = 0;
  bool no_more_ = false;  ///< takes no more requests
  bool linger_ = false;   ///< the peer may still be sending when we close
  bool upgrade_waits_ = false;
};

}  // namespace engine::http
