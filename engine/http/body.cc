#include "http/body.hh"

#include "http/body_queue.hh"
#include "http/connection.hh"
#include "http/http_dialect.hh"

namespace engine::http {
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

}  // namespace engine::http
