#include "event/queue.hh"

#include <utility>

namespace engine::event {

Queue::Queue(
    Ring& ring, Filter filter, std::function<void()> wake, Start start, std::size_t capacity)
    : ring_(ring), wake_(std::move(wake)), capacity_(capacity) {
  const Ring::Subscribed made = ring_.subscribe(
      std::move(filter), [this](std::uint64_t, const RecordPtr& record) { put(record); }, start);
  subscription_ = made.id;
  gap_ = made.gap;
}

Queue::~Queue() {
  ring_.unsubscribe(subscription_);
}

void Queue::put(const RecordPtr& record) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = waiting_.empty();
    if (waiting_.size() == capacity_) {
      waiting_.pop_front();
      ++lagged_;
    }
    waiting_.push_back(record);
  }
  if (first) wake_();
}

RecordPtr Queue::take() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  RecordPtr record = std::move(waiting_.front());
  waiting_.pop_front();
  return record;
}

bool Queue::empty() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty();
}

std::size_t Queue::lagged() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lagged_, 0);
}

}  // namespace engine::event
