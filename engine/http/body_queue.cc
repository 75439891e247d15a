#include "http/body_queue.hh"

#include "http/connection.hh"

#include <algorithm>

namespace engine::http {

std::string& BodyQueue::buffer() {
  if (begin_ > buffer_.size() / 2) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  return buffer_;
}

void BodyQueue::filled() {
  if (dropped_) {
    buffer_.clear();
    begin_ = 0;
  }
  serve();
}

void BodyQueue::end() {
  ended_ = true;
  serve();
}

void BodyQueue::fail(Error error) {
  if (ended_ || error_) return;
  error_ = std::move(error);
  serve();
}

void BodyQueue::read(std::size_t max, Completion<std::string> done) {
  max_ = std::max<std::size_t>(max, 1);
  waiting_ = std::move(done);
  serve();
  wake_session();
}

void BodyQueue::drop() {
  dropped_ = true;
  waiting_ = {};
  filled();
  wake_session();
}

/// Gives the waiting reader what there is; through the loop, never inline.
void BodyQueue::serve() {
  if (!waiting_) return;
  const std::size_t unread = buffer_.size() - begin_;
  if (unread == 0 && !ended_ && !error_) return;
  if (unread == 0 && error_) {
    loop_.post([done = std::move(waiting_), error = *error_]() mutable {
      done(engine::fail(std::move(error)));
    });
    return;
  }
  std::string part = buffer_.substr(begin_, max_);
  begin_ += part.size();
  if (begin_ == buffer_.size()) {
    buffer_.clear();
    begin_ = 0;
  }
  loop_.post(
      [done = std::move(waiting_), part = std::move(part)]() mutable { done(std::move(part)); });
}

void BodyQueue::wake_session() const {
  if (const auto session = session_.lock()) static_cast<Connection&>(*session).changed();
}

}  // namespace engine::http
