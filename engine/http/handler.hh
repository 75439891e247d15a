#pragma once

#include "http/answer.hh"
#include "http/body.hh"
#include "http/message.hh"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace engine::http {

class Session;

/// How the body of a request comes to its handler.
enum class BodyMode : std::uint8_t {
  whole,    ///< Handler::on_request, when all of it is there; bounded by Limits::body
  streamed  ///< Handler::on_stream, at once; bounded by nothing but the reader's pace
};

/// What a program does with its connections. Called on the loop of the service; views are valid
/// during the call only.
class Handler {
 public:
  virtual ~Handler() = default;

  /// A connection is there (behind TLS: its handshake is done).
  virtual void on_open(Session&) {}
  /// The connection is gone, whatever it spoke; the session dies after this call.
  virtual void on_close(Session&) {}

  /// The headers of a request with a body have come: how shall the body be read?
  virtual BodyMode on_head(Session&, const Request&) { return BodyMode::whole; }
  virtual void on_request(Session& session, const Request& request, Responder respond) = 0;
  /// A request whose body is streamed.
  virtual void on_stream(Session& session,
                         const Request& request,
                         BodyReader body,
                         Responder respond);
  /// The body is over Limits::body. It is not read, and the connection closes after the answer.
  virtual void on_oversize(Session& session, const Request& request, Responder respond);

  /// A WebSocket handshake, correct in itself. An answer refuses it; none accepts, and
  /// `on_websocket` follows. By default there is no WebSocket: 404.
  virtual std::optional<Response> on_upgrade(Session& session, const Request& request);
  /// The session speaks WebSocket from here on; `session.upgrade_request()` stays at hand.
  virtual void on_websocket(Session&) {}
  /// A text message, checked to be UTF-8. What is answered goes out as a text message. (A binary
  /// one closes the session with 1003.)
  virtual void on_message(Session&, std::string_view /*text*/, Answer) {}
  /// The peer began to close (`code` 1005 when it gave none), or the link broke (1006); `on_close`
  /// follows.
  virtual void on_websocket_close(Session&, unsigned /*code*/, std::string_view /*reason*/) {}

  /// A line of a connection adopted with Protocol::lines.
  virtual void on_line(Session&, std::string_view /*line*/, Answer) {}
  /// A line was over the limit and is skipped; say so through `answer`.
  virtual void on_oversize_line(Session&, Answer) {}
  /// A line that has begun does not come to its end in time (Limits::stalled_line, min_rate): say
  /// so; the connection is closed.
  virtual void on_unfinished_line(Session&) {}
  /// Nothing has been going on on a connection of lines for Limits::idle_lines. False: it stays.
  virtual bool on_idle_lines(Session&) { return true; }
};

}  // namespace engine::http
