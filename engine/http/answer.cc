#include "http/answer.hh"

#include "http/connection_set.hh"
#include "http/http_dialect.hh"

namespace engine::http {
namespace {

void finish(std::weak_ptr<Session>& right, const std::string_view* text) {
  if (const auto session = std::exchange(right, {}).lock()) {
    static_cast<Connection&>(*session).dialect().answer(text);
  }
}

/// The dialect that a request came through, if the connection still speaks it.
template <typename F>
void with_http(const std::weak_ptr<Session>& right, F&& use) {
  const auto session = right.lock();
  if (!session || session->closed() || session->protocol() != Protocol::http) return;
  use(static_cast<HttpDialect&>(static_cast<Connection&>(*session).dialect()));
}

}  // namespace

Answer& Answer::operator=(Answer&& other) noexcept {
  if (this != &other) {
    drop();
    session_ = std::move(other.session_);
  }
  return *this;
}

void Answer::send(std::string_view text) {
  finish(session_, &text);
}

void Answer::drop() {
  finish(session_, nullptr);
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    Responder old(std::move(*this));  // gives its 500, if it comes to that
    session_ = std::move(other.session_);
    sequence_ = other.sequence_;
  }
  return *this;
}

Responder::~Responder() {
  with_http(std::exchange(session_, {}), [&](HttpDialect& http) {
    http.respond(sequence_, Response::text(500, "the request was not answered"));
  });
}

void Responder::send(const Response& response) {
  with_http(std::exchange(session_, {}),
            [&](HttpDialect& http) { http.respond(sequence_, response); });
}

void Responder::send_file(const Response& head, UniqueFd file, std::uint64_t size) {
  with_http(std::exchange(session_, {}),
            [&](HttpDialect& http) { http.respond_file(sequence_, head, std::move(file), size); });
}

}  // namespace engine::http
