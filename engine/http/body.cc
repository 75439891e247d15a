#include "http/body.hh"

#include "http/body_queue.hh"
#include "http/connection.hh"
#include "http/http_dialect.hh"

namespace engine::http {
namespace {

HttpDialect* http_of(const std::shared_ptr<Session>& session) {
  if (!session || session->closed() || session->protocol() != Protocol::http) return nullptr;
  return &static_cast<HttpDialect&>(static_cast<Connection&>(*session).dialect());
}

}  // namespace

BodyReader& BodyReader::operator=(BodyReader&& other) noexcept {
  if (this != &other) {
    if (queue_) queue_->drop();
    queue_ = std::move(other.queue_);
    size_ = other.size_;
  }
  return *this;
}

BodyReader::~BodyReader() {
  if (queue_) queue_->drop();
}

void BodyReader::read(std::size_t max, Completion<std::string> done) {
  if (queue_) queue_->read(max, std::move(done));
}

BodyWriter& BodyWriter::operator=(BodyWriter&& other) noexcept {
  if (this != &other) {
    BodyWriter old(std::move(*this));
    loop_ = other.loop_;
    session_ = std::move(other.session_);
    sequence_ = other.sequence_;
  }
  return *this;
}

BodyWriter::~BodyWriter() {
  const auto session = std::exchange(session_, {}).lock();
  if (HttpDialect* http = http_of(session)) http->drop_stream(sequence_);
}

void BodyWriter::write(std::string_view bytes, Completion<> done) {
  const auto session = session_.lock();
  if (HttpDialect* http = http_of(session)) {
    http->write_stream(sequence_, bytes, std::move(done));
  } else if (loop_ != nullptr) {
    loop_->post([done = std::move(done)]() mutable {
      done(fail(Errc::connection_lost, "the connection is closed"));
    });
  }
}

void BodyWriter::finish() {
  const auto session = std::exchange(session_, {}).lock();
  if (HttpDialect* http = http_of(session)) http->finish_stream(sequence_);
}

}  // namespace engine::http
