#include "http/websocket_client.hh"

#include "base/bytes.hh"
#include "crypto/random.hh"

#include "http/request_head.hh"
#include "http/utf8.hh"
#include "http/websocket_wire.hh"
#include <fmt/format.h>
#include <sys/epoll.h>

#include <array>
#include <charconv>

namespace engine::http {
namespace {

constexpr std::size_t kChunk = 64UL << 10U;
constexpr std::size_t kMostUnread = 1UL << 20U;  ///< bytes of messages nobody asked for
constexpr std::size_t kMostUnsent = 1UL << 20U;
constexpr std::size_t kLargestHead = 16UL << 10U;
constexpr std::size_t kLargestRefusal = 4UL << 10U;
constexpr Milliseconds kClosing{2'000};

const Error kClosed{.code = Errc::closed, .message = "the stream was closed"};

Errc refusal_kind(unsigned status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::permission_denied;
    case 404:
      return Errc::not_found;
    case 503:
      return Errc::busy;
    default:
      return Errc::network;
  }
}

Error end_of(unsigned code, std::string_view reason) {
  const auto told = [&](std::string_view what) {
    return reason.empty() ? std::string(what) : fmt::format("{}: {}", what, reason);
  };
  switch (code) {
    case close_code::normal:
    case close_code::none_given:
      return {.code = Errc::closed, .message = told("the server closed the stream")};
    case close_code::going_away:
      return {.code = Errc::connection_lost, .message = told("the server ended the stream")};
    case close_code::try_later:
      return {.code = Errc::busy, .message = told("the server is too busy for the stream")};
    default:
      return {.code = Errc::internal,
              .message = reason.empty() ? fmt::format("the stream failed (close code {})", code)
                                        : std::string(reason),
              .info = fmt::format(R"({{"closeCode":{}}})", code)};
  }
}

std::size_t to_size(std::string_view text) {
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

/// What a kept message counts for; an empty one is not free.
std::size_t cost(const std::string& message) {
  return message.size() + sizeof message;
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

void WebSocketClient::open(loop::Loop& loop,
                           UniqueFd socket,
                           std::string_view target,
                           const WebSocketOptions& options,
                           Opened done) {
  std::shared_ptr<WebSocketClient> made(new WebSocketClient(loop, std::move(socket), options));
  std::weak_ptr<WebSocketClient> weak = made;
  auto poller = net::Poller::open(loop, [weak] {
    if (const auto self = weak.lock()) self->turn();
  });
  Result<> watched = {};
  if (poller) {
    made->poller_ = std::move(*poller);
    watched =
        made->poller_->add(made->transport_.fd(), EPOLLIN | EPOLLRDHUP | EPOLLOUT, made.get());
  } else {
    watched = fail(std::move(poller).error());
  }
  if (!watched) {
    loop.post([error = std::move(watched).error(), done = std::move(done)]() mutable {
      done(fail(std::move(error)));
    });
    return;
  }
  made->opened_ = std::move(done);
  made->begin(target);
}

WebSocketClient::WebSocketClient(loop::Loop& loop, UniqueFd socket, const WebSocketOptions& options)
    : loop_(loop), options_(options), transport_(std::move(socket), nullptr, {}), timer_(loop) {}

WebSocketClient::~WebSocketClient() = default;

void WebSocketClient::begin(std::string_view target) {
  std::array<std::byte, 16> random{};
  crypto::random_bytes(random);
  const std::string key = to_base64(random);
  accept_ = accept_of(key);
  target_ = target;
  out_ = fmt::format(
      "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\r\n",
      target,
      key);
  timer_.start(options_.timeout, [self = shared_from_this()] {
    self->end({.code = Errc::timeout,
               .message = fmt::format("no answer to the request for {} in time", self->target_)});
    self->settle();
  });
  turn_later();
}

/// Does what can be done now, from the loop.
void WebSocketClient::turn_later() {
  if (std::exchange(turn_due_, true)) return;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->turn_due_ = false;
    self->turn();
  });
}

void WebSocketClient::turn() {
  const auto self = shared_from_this();
  for (const epoll_event& event : poller_->collect())
    transport_.note_events(event.events);
  flush();
  read();
  flush();
  settle();
  if (state_ != State::ended) poller_->arm();
  // What completed may have dropped the last reference; the poller is still at work.
  loop_.post([self] {});
}

void WebSocketClient::read() {
  std::array<char, kChunk> block;
  while (state_ != State::ended && inbox_bytes_ < kMostUnread && transport_.readable()) {
    const Transport::Outcome got = transport_.read(block);
    if (got.status == Transport::Status::blocked) return;
    if (got.status != Transport::Status::ok) {
      return end({.code = Errc::connection_lost,
                  .message = fmt::format("the connection of {} broke", target_)});
    }
    input_.append(block.data(), got.bytes);
    consume();
  }
}

void WebSocketClient::consume() {
  if (state_ == State::asking) read_answer();
  if (state_ == State::open) read_frames();
}

// --- handshake ----------------------------------------------------------------------------------

void WebSocketClient::read_answer() {
  HeadScanner scanner;
  const std::size_t size = scanner.scan(input_);
  ResponseHead head;
  if (scanner.refusal() || (size == 0 && input_.size() > kLargestHead) ||
      (size > 0 && !head.parse({input_.data(), size}))) {
    return end({.code = Errc::deserialization, .message = "what answers is no HTTP server"});
  }
  if (size == 0) return;
  if (head.status != 101) {
    const std::size_t body = std::min(to_size(head.header("content-length")), kLargestRefusal);
    if (input_.size() < size + body) return;
    const std::string text = input_.substr(size, body);
    const Errc kind = refusal_kind(head.status);
    return end({.code = kind,
                .message = fmt::format("the server refuses {}: {} ({})",
                                       target_,
                                       body == 0 ? reason_phrase(head.status) : first_line(text),
                                       head.status)});
  }
  if (head.header("sec-websocket-accept") != accept_) {
    return end({.code = Errc::deserialization, .message = "what answers is no WebSocket server"});
  }
  input_.erase(0, size);
  state_ = State::open;
  timer_.cancel();
}

// --- frames -------------------------------------------------------------------------------------

void WebSocketClient::read_frames() {
  reader_.feed(input_);
  while (state_ == State::open) {
    const FrameReader::Part part = reader_.next();
    if (part.event == FrameReader::Part::Event::need_more) break;
    if (part.event == FrameReader::Part::Event::broken) {
      return fail_peer(close_code::protocol, "a frame is malformed");
    }
    if (part.opcode <= opcode::binary) {
      on_data(part);
    } else if (part.opcode < opcode::close || part.opcode > opcode::pong) {
      fail_peer(close_code::protocol, "a frame of unknown kind");
    } else if (control_ += part.payload; part.last) {
      on_control(part.opcode, std::exchange(control_, {}));
    }
  }
  input_.erase(0, reader_.used());
}

void WebSocketClient::on_data(const FrameReader::Part& part) {
  if (part.first) {
    if ((part.opcode == opcode::continuation) != in_message_) {
      return fail_peer(close_code::protocol, "a message begins or goes on where it may not");
    }
    in_message_ = true;
    if (part.opcode == opcode::binary) {
      return fail_peer(close_code::not_text, "a message is not text");
    }
    if (part.frame_size > options_.message_limit - message_.size()) {
      return fail_peer(close_code::too_big, "a message is too big");
    }
  }
  message_ += part.payload;
  if (!part.fin || !part.last) return;
  in_message_ = false;
  std::string message = std::exchange(message_, {});
  if (!is_utf8(message)) return fail_peer(close_code::not_utf8, "a text is not UTF-8");
  inbox_.push_back(std::move(message));
  inbox_bytes_ += cost(inbox_.back());
}

void WebSocketClient::on_control(std::uint8_t kind, std::string_view payload) {
  if (kind == opcode::close) {
    on_peer_close(payload);
  } else if (kind == opcode::ping && !close_sent_) {
    write_masked_frame(out_, opcode::pong, payload);
  }
}

void WebSocketClient::on_peer_close(std::string_view payload) {
  const CloseFrame frame = read_close(payload);
  if (frame.fault != 0) return fail_peer(frame.fault, frame.what);
  if (close_sent_) return end(kClosed);
  write_close(frame.code, {});
  end(end_of(frame.code, frame.reason));
}

/// The server broke a rule: says so, and listens no more.
void WebSocketClient::fail_peer(unsigned code, std::string_view what) {
  write_close(code, what);
  end({.code = Errc::deserialization,
       .message = fmt::format("the server breaks the rules of WebSocket: {}", what)});
}

void WebSocketClient::write_close(unsigned code, std::string_view reason) {
  if (std::exchange(close_sent_, true)) return;
  write_masked_frame(out_, opcode::close, close_payload(code, reason));
}

// --- what the user asks for ---------------------------------------------------------------------

void WebSocketClient::receive(Completion<std::string> done) {
  receiver_ = std::move(done);
  turn_later();
}

void WebSocketClient::send(std::string_view text, Completion<> done) {
  if (close_sent_) {
    loop_.post([done = std::move(done)]() mutable { done(fail(kClosed)); });
    return;
  }
  if (!end_) write_masked_frame(out_, opcode::text, text);
  senders_.push_back(std::move(done));
  turn_later();
}

void WebSocketClient::close(unsigned code, std::string_view reason) {
  if (end_ || close_sent_) return;
  write_close(code, reason);
  flush();
  timer_.start(kClosing, [self = shared_from_this()] {
    self->end(kClosed);
    self->settle();
  });
}

/// What is written goes out if it can at once: nobody waits for the rest of a connection that ends.
void WebSocketClient::end(Error why) {
  if (end_) return;
  flush();
  timer_.cancel();
  state_ = State::ended;
  end_ = std::move(why);
  poller_->remove(transport_.fd());
  transport_.close();
}

void WebSocketClient::flush() {
  if (state_ == State::ended) return;
  while (out_begin_ < out_.size()) {
    const Transport::Outcome sent = transport_.write(std::string_view(out_).substr(out_begin_));
    out_begin_ += sent.bytes;
    // A connection that takes no more is found to be broken by the next read.
    if (sent.status != Transport::Status::ok || sent.bytes == 0) break;
  }
  if (out_begin_ < out_.size()) return;
  out_.clear();
  out_begin_ = 0;
}

/// Completes what can be completed.
void WebSocketClient::settle() {
  if (opened_ && state_ != State::asking) {
    Opened done = std::exchange(opened_, {});
    end_ ? done(fail(*end_)) : done(shared_from_this());
  }
  if (end_ || out_.size() - out_begin_ <= kMostUnsent) {
    for (Completion<>& done : std::exchange(senders_, {}))
      end_ ? done(fail(*end_)) : done({});
  }
  if (!receiver_ || (inbox_.empty() && !end_)) return;
  Completion<std::string> done = std::exchange(receiver_, {});
  if (inbox_.empty()) return done(fail(*end_));
  std::string message = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= cost(message);
  done(std::move(message));
}

}  // namespace engine::http
