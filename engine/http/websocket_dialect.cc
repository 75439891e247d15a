#include "http/websocket_dialect.hh"

#include "base/bytes.hh"
#include "crypto/random.hh"

#include "http/connection_set.hh"
#include "http/request_head.hh"
#include "http/utf8.hh"
#include <openssl/sha.h>

namespace engine::http {
namespace {

constexpr std::string_view kKeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kMaxReason = 123;
constexpr std::size_t kKeptCapacity = 64UL << 10U;

namespace opcode {
constexpr std::uint8_t continuation = 0;
constexpr std::uint8_t text = 1;
constexpr std::uint8_t binary = 2;
constexpr std::uint8_t close = 8;
constexpr std::uint8_t ping = 9;
constexpr std::uint8_t pong = 10;
}  // namespace opcode

namespace code {
constexpr unsigned going_away = 1001;
constexpr unsigned protocol = 1002;
constexpr unsigned none_given = 1005;
constexpr unsigned lost = 1006;
constexpr unsigned not_utf8 = 1007;
constexpr unsigned too_big = 1009;
constexpr unsigned try_later = 1013;
}  // namespace code

bool may_be_sent(unsigned value) {
  return (value >= 1000 && value <= 1003) || (value >= 1007 && value <= 1014) ||
         (value >= 3000 && value <= 4999);
}

/// A reason that fits a close frame; cut between characters.
std::string_view fitting(std::string_view reason) {
  if (!is_utf8(reason)) return {};
  if (reason.size() <= kMaxReason) return reason;
  std::size_t size = kMaxReason;
  while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0U) == 0x80U)
    --size;
  return reason.substr(0, size);
}

void write_close(std::string& out, unsigned value, std::string_view reason) {
  std::string payload;
  if (may_be_sent(value)) {
    payload += static_cast<char>(static_cast<unsigned char>(value >> 8U));
    payload += static_cast<char>(static_cast<unsigned char>(value));
    payload += fitting(reason);
  }
  write_frame(out, opcode::close, payload);
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
  const std::string text = std::string(request.header("sec-websocket-key")).append(kKeySuffix);
  unsigned char digest[SHA_DIGEST_LENGTH];
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  out +=
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  out += to_base64(std::as_bytes(std::span(digest)));
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
      fail(code::protocol, "a frame is malformed");
      break;
    }
    on_part(part, budget);
  }
  return reader_.used();
}

void WebSocketDialect::on_part(const FrameReader::Part& part, std::size_t& budget) {
  if (part.opcode <= opcode::binary) return on_data(part, budget);
  if (part.opcode < opcode::close || part.opcode > opcode::pong) {
    return fail(code::protocol, "a frame of unknown kind");
  }
  if (part.last && control_.empty()) return on_control(part.opcode, part.payload);
  control_ += part.payload;
  if (part.last) on_control(part.opcode, std::exchange(control_, {}));
}

void WebSocketDialect::on_data(const FrameReader::Part& part, std::size_t& budget) {
  if (part.first) {
    if ((part.opcode == opcode::continuation) != (kind_ != 0)) {
      return fail(
          code::protocol,
          kind_ == 0 ? "a message begins with a continuation" : "a message begins inside another");
    }
    if (kind_ == 0) kind_ = part.opcode;
    if (message_.size() + part.frame_size > connection_.limits().message) {
      return fail(code::too_big, "the message is too big");
    }
  }
  const bool complete = part.fin && part.last;
  if (close_sent_) {  // nobody listens any more
    if (complete) kind_ = 0;
  } else if (complete && message_.empty()) {
    deliver(part.payload, budget);
  } else {
    message_ += part.payload;
    if (!message_share_.resize(message_.size())) return fail(code::try_later, "too busy");
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
  const std::uint8_t kind = std::exchange(kind_, std::uint8_t{0});
  if (kind == opcode::text && !is_utf8(message)) return fail(code::not_utf8, "not UTF-8");
  ++in_flight_;
  Answer answer(connection_.self());
  if (kind == opcode::text) {
    connection_.handler().on_message(connection_, message, std::move(answer));
  } else {
    connection_.handler().on_binary(connection_, message, std::move(answer));
  }
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
  unsigned value = code::none_given;
  std::string_view reason;
  if (!payload.empty()) {
    if (payload.size() == 1) return fail(code::protocol, "a close frame of one byte");
    value = static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8U |
            static_cast<unsigned char>(payload[1]);
    reason = payload.substr(2);
    if (!may_be_sent(value)) return fail(code::protocol, "a close code that may not be sent");
    if (!is_utf8(reason)) return fail(code::not_utf8, "not UTF-8");
  }
  tell_close(value, reason);
  if (!close_sent_) write_close(connection_.out(), value, {});
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

void WebSocketDialect::send_binary(std::string_view bytes) {
  if (!close_sent_) write_frame(connection_.out(), opcode::binary, bytes);
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
  close(code::going_away, "the server shuts down");
}

void WebSocketDialect::end_of_input() {
  tell_close(code::lost, "the connection is lost");
  connection_.end(false);
}

void WebSocketDialect::check_time(TimePoint now) {
  const Limits& limits = connection_.limits();
  if (close_sent_) {
    if (passed(now, *close_sent_, limits.close)) connection_.end(false);
  } else if (ping_sent_) {
    if (passed(now, *ping_sent_, limits.pong)) {
      tell_close(code::lost, "no pong came");
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
  tell_close(code::lost, "the connection is lost");
}

}  // namespace engine::http
