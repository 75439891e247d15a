#include "http/websocket_dialect.hh"

#include "base/bytes.hh"
#include "crypto/random.hh"

#include "http/connection_set.hh"
#include "http/request_head.hh"
#include "http/utf8.hh"
#include "http/websocket_wire.hh"

namespace engine::http {
namespace {

constexpr std::size_t kKeptCapacity = 64UL << 10U;

void write_close(std::string& out, unsigned value, std::string_view reason) {
  write_frame(out, opcode::close, close_payload(value, reason));
}

}  // namespace

std::optional<Response> check_websocket_request(const Request& request) {
  if (request.method != "GET") return Response::text(400, "a WebSocket begins with GET");
  if (request.has_body) return Response::text(400, "a WebSocket handshake has no body");
  if (request.header("sec-websocket-version") != "13") {
    Response response = Response::text(426, "only version 13 of WebSocket is spoken here");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
  }
  const Result<Bytes> key = from_base64(request.header("sec-websocket-key"));
  if (!key || key->size() != 16) {
    return Response::text(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  }
  return {};
}

void write_websocket_accept(std::string& out, const Request& request) {
  out +=
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out += accept_of(request.header("sec-websocket-key"));
  out += "\r\n\r\n";
}

WebSocketDialect::WebSocketDialect(Connection& connection)
    : connection_(connection), message_share_(connection.set().half_read()) {}

bool WebSocketDialect::paused() const {
  return draining_ || in_flight_ >= connection_.limits().in_flight;
}

std::size_t WebSocketDialect::take(std::span<char> input, std::size_t& budget) {
  reader_.feed(input);
  while (budget > 0 && !paused() && !connection_.ending() &&
         connection_.unsent() <= connection_.limits().unsent) {
    const FrameReader::Part part = reader_.next();
    if (part.event == FrameReader::Part::Event::need_more) break;
    if (part.event == FrameReader::Part::Event::broken) {
      fail(close_code::protocol, "a frame is malformed");
      break;
    }
    on_part(part, budget);
  }
  return reader_.used();
}

void WebSocketDialect::on_part(const FrameReader::Part& part, std::size_t& budget) {
  if (part.opcode <= opcode::binary) return on_data(part, budget);
  if (part.opcode < opcode::close || part.opcode > opcode::pong) {
    return fail(close_code::protocol, "a frame of unknown kind");
  }
  if (part.last && control_.empty()) return on_control(part.opcode, part.payload);
  control_ += part.payload;
  if (part.last) on_control(part.opcode, std::exchange(control_, {}));
}

void WebSocketDialect::on_data(const FrameReader::Part& part, std::size_t& budget) {
  if (part.first) {
    if ((part.opcode == opcode::continuation) != in_message_) {
      return fail(
          close_code::protocol,
          in_message_ ? "a message begins inside another" : "a message begins with a continuation");
    }
    in_message_ = true;
    if (part.opcode == opcode::binary && !close_sent_) {
      return fail(close_code::not_text, "only text messages are taken");
    }
    if (message_.size() + part.frame_size > connection_.limits().message) {
      return fail(close_code::too_big, "the message is too big");
    }
  }
  const bool complete = part.fin && part.last;
  if (close_sent_) {  // nobody listens any more
    if (complete) in_message_ = false;
  } else if (complete && message_.empty()) {
    deliver(part.payload, budget);
  } else {
    message_ += part.payload;
    if (!message_share_.resize(message_.size())) return fail(close_code::try_later, "too busy");
    if (!complete) return;
    deliver(message_, budget);
    if (message_.capacity() > kKeptCapacity) {
      message_ = std::string();
    } else {
      message_.clear();
    }
    message_share_.resize(0);
  }
}

void WebSocketDialect::deliver(std::string_view message, std::size_t& budget) {
  --budget;
  message_pace_.reset();
  in_message_ = false;
  if (!is_utf8(message)) return fail(close_code::not_utf8, "not UTF-8");
  ++in_flight_;
  connection_.handler().on_message(connection_, message, Answer(connection_.self()));
}

void WebSocketDialect::on_control(std::uint8_t kind, std::string_view payload) {
  if (kind == opcode::close) {
    on_peer_close(payload);
  } else if (kind == opcode::ping && !close_sent_) {
    write_frame(connection_.out(), opcode::pong, payload);
  } else if (kind == opcode::pong && payload == std::string_view(ping_.data(), ping_.size())) {
    ping_sent_.reset();
  }
}

void WebSocketDialect::on_peer_close(std::string_view payload) {
  const CloseFrame frame = read_close(payload);
  if (frame.fault != 0) return fail(frame.fault, frame.what);
  tell_close(frame.code, frame.reason);
  if (!close_sent_) write_close(connection_.out(), frame.code, {});
  connection_.end(false);
}

/// The peer broke a rule: says so, and waits only until it has read that.
void WebSocketDialect::fail(unsigned value, std::string_view reason) {
  message_ = std::string();
  message_share_.resize(0);
  tell_close(value, reason);
  if (!close_sent_) write_close(connection_.out(), value, reason);
  connection_.end(true);
}

void WebSocketDialect::tell_close(unsigned value, std::string_view reason) {
  if (std::exchange(told_, true)) return;
  connection_.handler().on_websocket_close(connection_, value, reason);
}

void WebSocketDialect::send(std::string_view text) {
  if (!close_sent_) write_frame(connection_.out(), opcode::text, text);
}

void WebSocketDialect::answer(const std::string_view* text) {
  --in_flight_;
  if (text != nullptr) send(*text);
  drained();
  connection_.changed();
}

void WebSocketDialect::close(unsigned value, std::string_view reason) {
  if (close_sent_) return;
  write_close(connection_.out(), value, reason);
  close_sent_ = connection_.now();
  connection_.changed();
}

void WebSocketDialect::drain() {
  draining_ = true;
  drained();
}

/// Says good-bye when the last message is answered, and reads on for the peer's close.
void WebSocketDialect::drained() {
  if (!draining_ || in_flight_ > 0 || connection_.ending()) return;
  draining_ = false;
  close(close_code::going_away, "the server shuts down");
}

void WebSocketDialect::end_of_input() {
  tell_close(close_code::lost, "the connection is lost");
  connection_.end(false);
}

void WebSocketDialect::check_time(TimePoint now) {
  const Limits& limits = connection_.limits();
  if (close_sent_) {
    if (passed(now, *close_sent_, limits.close)) connection_.end(false);
  } else if (in_message_ &&
             message_pace_.is_too_slow(
                 now, message_.size(), paused(), {limits.stalled, limits.min_rate})) {
    fail(close_code::policy, "a message comes too slowly");
  } else if (ping_sent_) {
    if (passed(now, *ping_sent_, limits.pong)) {
      tell_close(close_code::lost, "no pong came");
      connection_.abort();
    }
  } else if (passed(now, connection_.last_output(), limits.ping)) {
    crypto::random_bytes(std::as_writable_bytes(std::span(ping_)));
    ping_sent_ = now;
    write_frame(connection_.out(), opcode::ping, {ping_.data(), ping_.size()});
    connection_.changed();
  }
}

void WebSocketDialect::on_gone() {
  tell_close(close_code::lost, "the connection is lost");
}

}  // namespace engine::http
