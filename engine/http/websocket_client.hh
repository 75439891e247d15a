#pragma once

#include "loop/loop.hh"
#include "net/poller.hh"

#include "http/frame_reader.hh"
#include "http/transport.hh"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine::http {

struct WebSocketOptions {
  Milliseconds timeout{5'000};              ///< for the handshake
  std::size_t message_limit = 64UL << 20U;  ///< bytes of one message from the server
};

/// The client's end of a WebSocket over a connected socket, for messages of text. Resource type;
/// lives on its loop. Messages that nobody asks for are kept; when they are many, the server has to
/// wait. It holds itself while it calls its user, who may let go then, and while a timer runs: a
/// close that nobody waits for is still said to its end.
class WebSocketClient : public std::enable_shared_from_this<WebSocketClient> {
 public:
  using Opened = Completion<std::shared_ptr<WebSocketClient>>;

  /// Asks for the WebSocket `target` ("/ws/rpc/GUID").
  ///
  /// ERRORS: Errc::not_found, Errc::permission_denied, Errc::busy, Errc::network: the server
  /// refused (404, 401 or 403, 503, any other status) and the message says with which words;
  /// Errc::timeout; Errc::connection_lost; Errc::deserialization (no WebSocket answers).
  static void open(loop::Loop& loop,
                   UniqueFd socket,
                   std::string_view target,
                   const WebSocketOptions& options,
                   Opened done);
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;
  ~WebSocketClient();

  /// The next message, well-formed UTF-8. REQUIRES: no other receive is under way.
  ///
  /// ERRORS: Errc::closed when the server closed because all is told (1000, or no code);
  /// Errc::connection_lost when it went away (1001) or the connection broke; Errc::busy (1013);
  /// Errc::internal with its reason and `{"closeCode":N}` in the info for any other code.
  void receive(Completion<std::string> done);
  /// Drops the completion of the receive that is under way; its message stays.
  void stop_receiving() { receiver_ = {}; }
  /// Completes when little of what was sent waits for the server. `text` should be UTF-8, else the
  /// server closes. ERRORS: as for `receive`.
  void send(std::string_view text, Completion<> done);
  /// Says `code` and `reason` (cut to 123 bytes) and sends no more. The connection ends when the
  /// server has answered, or after a while.
  void close(unsigned code = 1000, std::string_view reason = {});

 private:
  WebSocketClient(loop::Loop& loop, UniqueFd socket, const WebSocketOptions& options);
  void begin(std::string_view target);
  void turn();
  void read();
  void consume();
  void read_answer();
  void read_frames();
  void on_data(const FrameReader::Part& part);
  void on_control(std::uint8_t kind, std::string_view payload);
  void on_peer_close(std::string_view payload);
  void fail_peer(unsigned code, std::string_view what);
  void write_close(unsigned code, std::string_view reason);
  void flush();
  void end(Error why);
  void settle();
  void turn_later();

  enum class State : std::uint8_t { asking, open, ended };

  loop::Loop& loop_;
  WebSocketOptions options_;
  Transport transport_;
  std::unique_ptr<net::Poller> poller_;
  loop::Timer timer_;  ///< of the handshake, then of the closing; holds us while it runs
  State state_ = State::asking;
  Opened opened_;
  std::string target_;
  std::string accept_;  ///< what the server has to answer
  std::string input_;   ///< read and not used up
  std::string out_;
  std::size_t out_begin_ = 0;
  FrameReader reader_{FrameReader::From::server};
  std::string message_;      ///< the parts so far of the message being received
  bool in_message_ = false;  ///< it is not complete
  std::string control_;      ///< the parts so far of a control frame
  std::deque<std::string> inbox_;
  std::size_t inbox_bytes_ = 0;
  Completion<std::string> receiver_;
  std::vector<Completion<>> senders_;
  std::optional<Error> end_;  ///< why no more comes
  bool close_sent_ = false;
  bool turn_due_ = false;
};

}  // namespace engine::http
