#include "event/group.hh"

namespace engine::event {

void Ring::Group::add(const RecordPtr& record) {
  if (policy == LagPolicy::coalesce && !record->key().empty()) {
    const auto [known, is_new] = newest.try_emplace(record->key(), end());
    if (!is_new) {
      RecordPtr& older = waiting[known->second - first];
      if (!older->event().terminal) older = nullptr;
      known->second = end();
    }
  }
  waiting.push_back(record);
  for (Cursor* reader : readers) {
    if (std::exchange(reader->armed_, false)) reader->wake_();
  }
}

void Ring::Group::pop() {
  const RecordPtr& oldest = waiting.front();
  if (oldest != nullptr) {
    lost = first + 1;
    const auto known = newest.find(oldest->key());
    if (known != newest.end() && known->second == first) newest.erase(known);
  }
  waiting.pop_front();
  ++first;
}

/// Takes out what was superseded; places are counted anew.
void Ring::Group::compact() {
  std::vector<std::uint64_t> before;  // ordinals of what is left, by old place
  std::deque<RecordPtr> left;
  for (RecordPtr& record : waiting) {
    before.push_back(first + left.size());
    if (record != nullptr) left.push_back(std::move(record));
  }
  before.push_back(first + left.size());
  for (Cursor* reader : readers)
    reader->at_ = reader->at_ < first ? reader->at_ : before[reader->at_ - first];
  for (auto& [key, ordinal] : newest)
    ordinal = before[ordinal - first];
  waiting = std::move(left);
}

/// A terminal event goes only when the readers behind it are lost anyway: there are too many keys.
void Ring::Group::bound_coalesced() {
  while (!waiting.empty() && waiting.front() == nullptr)
    pop();
  if (waiting.size() <= kMostBuffer) return;
  compact();
  while (waiting.size() > kMostBuffer / 2)
    pop();
}

void Ring::Group::trim(std::uint64_t oldest_seq) {
  if (policy == LagPolicy::coalesce) {
    bound_coalesced();
  } else {
    while (!waiting.empty() && (waiting.front()->seq() < oldest_seq || waiting.size() > keep))
      pop();
  }
  if (waiting.size() < look_at) return;
  std::uint64_t slowest = end();
  for (const Cursor* reader : readers)
    slowest = std::min(slowest, reader->at_);
  while (first < slowest)
    pop();
  look_at = std::max<std::size_t>(64, waiting.size() * 2);
}

}  // namespace engine::event
