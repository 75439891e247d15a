#include "app/daemon/stream_channels.hh"

#include "app/daemon/api_headers.hh"
#include "app/daemon/caller.hh"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>

namespace engine::app {
namespace {

constexpr unsigned kNormal = 1000;
constexpr unsigned kGoingAway = 1001;
constexpr unsigned kNoCode = 1005;
constexpr unsigned kTooMuch = 1008;
constexpr unsigned kSessionEnded = 4001;
/// Bytes of messages that a script has not taken yet.
constexpr std::size_t kMostUnread = 32UL << 20U;
constexpr std::string_view kSessionOver = "the session has ended";

Error connection_lost() {
  return {.code = Errc::connection_lost, .message = "the client has gone"};
}

/// What a script says about keeping its answer holds.
std::string_view fixed_headers(const HeaderList& said) {
  const bool about_keeping = std::ranges::any_of(said, [](const auto& header) {
    return ::strcasecmp(header.first.c_str(), "cache-control") == 0;
  });
  return about_keeping ? kNoSniff : kApiHeaders;
}

/// Calls `done` on `back`.
template <typename T>
void deliver(loop::Loop& back, Completion<T> done, Result<T> result) {
  back.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

}  // namespace

// --- SocketChannel ------------------------------------------------------------------------------

/// The last to hold it may be the script's thread; answers are given up at home.
SocketChannel::~SocketChannel() {
  if (!inbox_.empty()) home_.post([inbox = std::move(inbox_)] {});
}

void SocketChannel::on_text(std::string_view text, http::Answer taken) {
  // The answer is given up when the script takes the message: until then it counts as under way,
  // and with too many of those nothing more is read.
  if (unread_ + text.size() > kMostUnread) return refuse_more();
  unread_ += text.size();
  inbox_.emplace_back(text, std::move(taken));
  settle();
}

/// Their number is bounded by the connection, but a few of the longest would be too much already.
void SocketChannel::refuse_more() {
  if (http::Session* session = find_(); session != nullptr && !session->closed()) {
    session->close(kTooMuch, "more messages than the script takes");
  }
}

void SocketChannel::on_end(unsigned code) {
  if (!end_code_) end_code_ = code;
  settle();
}

/// Gives a waiting script what there is.
void SocketChannel::settle() {
  if (!receiver_ || (inbox_.empty() && !end_code_ && !killed_)) return;
  Receiver receiver = std::move(*receiver_);
  receiver_.reset();
  if (killed_ || inbox_.empty()) return deliver(*receiver.back, std::move(receiver.done), end());
  auto [text, taken] = std::move(inbox_.front());
  inbox_.pop_front();
  unread_ -= text.size();
  deliver(*receiver.back,
          std::move(receiver.done),
          Result<std::optional<std::string>>(std::move(text)));
}

Result<std::optional<std::string>> SocketChannel::end() const {
  if (killed_) return fail(Errc::cancelled, std::string(kSessionOver));
  const unsigned code = end_code_.value_or(kNormal);
  if (code == kNormal || code == kGoingAway || code == kNoCode) {
    return std::optional<std::string>();
  }
  return fail(connection_lost());
}

void SocketChannel::send(std::string text, loop::Loop& back, Completion<> done) {
  home_.post(
      [self = shared_from_this(), text = std::move(text), &back, done = std::move(done)]() mutable {
        http::Session* session = self->end_code_ ? nullptr : self->find_();
        if (session == nullptr || session->closed()) {
          return deliver(back, std::move(done), Result<>(fail(connection_lost())));
        }
        session->send(text);
        session->when_writable([&back, done = std::move(done)](Result<> writable) mutable {
          deliver(back, std::move(done), std::move(writable));
        });
      });
}

void SocketChannel::receive(loop::Loop& back, Completion<std::optional<std::string>> done) {
  home_.post([self = shared_from_this(), &back, done = std::move(done)]() mutable {
    self->receiver_ = Receiver{&back, std::move(done)};
    self->settle();
  });
}

void SocketChannel::close(unsigned code, std::string reason) {
  home_.post([self = shared_from_this(), code, reason = std::move(reason)] {
    if (self->end_code_) return;
    self->end_code_ = code;
    self->inbox_.clear();
    self->unread_ = 0;
    if (http::Session* session = self->find_()) session->close(code, reason);
    self->settle();
  });
}

void SocketChannel::kill() {
  home_.post([self = shared_from_this()] { self->killed_ = true; });
  close(kSessionEnded, std::string(kSessionOver));
}

// --- BodyChannel --------------------------------------------------------------------------------

BodyChannel::BodyChannel(loop::Loop& home,
                         std::string method,
                         std::optional<http::BodyReader> body,
                         http::Responder respond)
    : home_(home),
      method_(std::move(method)),
      size_(body ? body->size() : std::optional<std::uint64_t>(0)),
      ends_(std::make_unique<Ends>(Ends{std::move(body), std::move(respond)})) {}

BodyChannel::~BodyChannel() {
  home_.post([ends = std::move(ends_)] {});
}

http::Responder BodyChannel::take_responder() {
  http::Responder taken = std::move(*ends_->respond);
  ends_->respond.reset();
  return taken;
}

void BodyChannel::read(std::size_t max, loop::Loop& back, Completion<std::string> done) {
  home_.post([self = shared_from_this(), max, &back, done = std::move(done)]() mutable {
    if (!self->ends_->respond) {
      return deliver(back, std::move(done), Result<std::string>(fail(connection_lost())));
    }
    if (!self->ends_->body) return deliver(back, std::move(done), Result<std::string>(""));
    self->ends_->body->read(max, [self, &back, done = std::move(done)](auto bytes) mutable {
      deliver(back, std::move(done), std::move(bytes));
    });
  });
}

void BodyChannel::answer(Answer answer) {
  home_.post([self = shared_from_this(), answer = std::move(answer)]() mutable {
    if (!self->ends_->respond) return;
    http::Responder respond = std::move(*self->ends_->respond);
    self->ends_->respond.reset();
    const std::string_view fixed = fixed_headers(answer.headers);
    http::Response response{.status = answer.status,
                            .headers = std::move(answer.headers),
                            .content_type = std::move(answer.content_type),
                            .body = std::move(answer.body),
                            .fixed_headers = fixed};
    if (answer.file) {
      respond.send_file(response, std::move(answer.file), answer.file_size);
    } else {
      respond.send(response);
    }
  });
}

void BodyChannel::kill() {
  answer({.status = 500,
          .content_type = "text/plain; charset=utf-8",
          .body = fmt::format("{}\n", kSessionOver)});
}

}  // namespace engine::app
