#include "event/ring.hh"

#include "event/group.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::event {

Result<LagPolicy> lag_policy_from_name(std::string_view name) {
  if (name == "drop_oldest") return LagPolicy::drop_oldest;
  if (name == "coalesce") return LagPolicy::coalesce;
  if (name == "disconnect") return LagPolicy::disconnect;
  return fail(Errc::invalid_params, "policy: must be drop_oldest, coalesce or disconnect");
}

Ring::Ring(Limits limits) : limits_(limits) {}
Ring::~Ring() = default;

void Ring::set_numbers(Numbers numbers, Reserve reserve) {
  const std::lock_guard lock(mutex_);
  numbers_ = numbers;
  reserve_ = std::move(reserve);
}

void Ring::reserved(std::uint64_t last) {
  const std::lock_guard lock(mutex_);
  numbers_.reserved = std::max(numbers_.reserved, last);
  reserving_ = false;
}

void Ring::forget_oldest() {
  while (records_.size() > limits_.events || (bytes_ > limits_.bytes && records_.size() > 1)) {
    bytes_ -= records_.front()->size();
    records_.pop_front();
  }
}

std::uint64_t Ring::publish(Event event) {
  const auto record = std::make_shared<Record>(std::move(event));
  const std::lock_guard lock(mutex_);
  record->number(++numbers_.last);
  // Asked for long before they are needed, so that nobody waits for the disk here.
  if (reserve_ && !reserving_ && numbers_.reserved - numbers_.last < 5'000) {
    reserving_ = true;
    reserve_(numbers_.last);
  }
  bytes_ += record->size();
  records_.push_back(record);
  forget_oldest();
  const std::uint64_t oldest = records_.front()->seq();
  for (const auto& [name, group] : groups_) {
    if (group->filter.matches(record->event())) group->add(record);
    group->trim(oldest);
  }
  return record->seq();
}

bool Ring::has_gap(std::uint64_t since) const {
  const std::uint64_t oldest = records_.empty() ? numbers_.last + 1 : records_.front()->seq();
  return since + 1 < oldest || since > numbers_.last;
}

std::vector<RecordPtr> Ring::find_last(const Filter& filter, std::size_t limit) const {
  std::vector<RecordPtr> found;
  for (auto at = records_.rbegin(); at != records_.rend() && found.size() < limit; ++at) {
    if (filter.matches((*at)->event())) found.push_back(*at);
  }
  std::ranges::reverse(found);
  return found;
}

std::vector<RecordPtr> Ring::find_after(const Filter& filter, std::uint64_t since) const {
  const auto seq = [](const RecordPtr& record) { return record->seq(); };
  std::vector<RecordPtr> found;
  for (auto at = std::ranges::upper_bound(records_, since, {}, seq); at != records_.end(); ++at) {
    if (filter.matches((*at)->event())) found.push_back(*at);
  }
  return found;
}

Ring::Group& Ring::group_of(Filter filter, LagPolicy policy) {
  std::string name = fmt::format("{}{}", static_cast<int>(policy), filter.canonical());
  auto& group = groups_[name];
  if (group == nullptr) {
    group = std::make_unique<Group>(std::move(filter), policy);
    group->name = std::move(name);
  }
  return *group;
}

std::unique_ptr<Cursor> Ring::subscribe(Filter filter, Start start, std::function<void()> wake) {
  start.buffer = std::clamp(start.buffer, kLeastBuffer, kMostBuffer);
  const std::lock_guard lock(mutex_);
  std::vector<RecordPtr> replay;
  if (start.since > 0) {
    // A number of another life says nothing about this one: all there is.
    replay = find_after(filter, start.since > numbers_.last ? 0 : start.since);
  } else if (start.replay_last > 0) {
    replay = find_last(filter, std::min(start.replay_last, kMostReplayed));
  }
  Group& group = group_of(std::move(filter), start.policy);
  std::unique_ptr<Cursor> cursor(new Cursor(*this, group, start, std::move(wake)));
  cursor->gap_ = start.since > 0 && has_gap(start.since);
  cursor->replayed_ = replay.size();
  cursor->replay_.assign(replay.begin(), replay.end());
  cursor->at_ = group.end();
  cursor->seen_ = numbers_.last;
  cursor->next_ = numbers_.last + 1;
  group.readers.push_back(cursor.get());
  group.keep = std::max(group.keep, start.buffer);
  ++cursors_;
  cursor->armed_ = replay.empty();
  if (!cursor->armed_) cursor->wake_();
  return cursor;
}

void Ring::leave(Cursor& cursor) {
  const std::lock_guard lock(mutex_);
  Group& group = cursor.group_;
  std::erase(group.readers, &cursor);
  --cursors_;
  if (group.readers.empty()) groups_.erase(std::string(group.name));
}

Ring::Page Ring::read(const Filter& filter, std::uint64_t since, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  Page page{.records = {}, .next = since, .gap = since > 0 && has_gap(since)};
  if (since > numbers_.last) page.next = 0;
  const auto seq = [](const RecordPtr& record) { return record->seq(); };
  const auto first = std::ranges::upper_bound(records_, page.next, {}, seq);
  for (auto at = first; at != records_.end() && page.records.size() < limit; ++at) {
    page.next = (*at)->seq();
    if (filter.matches((*at)->event())) page.records.push_back(*at);
  }
  return page;
}

Ring::Page Ring::last(const Filter& filter, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  return {.records = find_last(filter, limit), .next = numbers_.last};
}

std::uint64_t Ring::last_seq() const {
  const std::lock_guard lock(mutex_);
  return numbers_.last;
}

std::size_t Ring::subscriptions() const {
  const std::lock_guard lock(mutex_);
  return cursors_;
}

RingLimits Ring::held() const {
  const std::lock_guard lock(mutex_);
  return {.events = records_.size(), .bytes = bytes_};
}

Cursor::Cursor(Ring& ring, Ring::Group& group, Start start, std::function<void()> wake)
    : ring_(ring), group_(group), start_(start), wake_(std::move(wake)) {}

Cursor::~Cursor() {
  ring_.leave(*this);
}

/// Leaves behind what is more than the reader may have waiting, and counts it.
void Cursor::catch_up(Batch& into) {
  const std::uint64_t end = group_.end();
  if (start_.policy == LagPolicy::coalesce) {
    if (at_ < group_.lost) ended_ = into.ended = true;
    at_ = std::max(at_, group_.first);
    return;
  }
  const std::uint64_t oldest =
      std::max(group_.first, end > start_.buffer ? end - start_.buffer : 0);
  if (at_ >= oldest) return;
  if (start_.policy == LagPolicy::disconnect) {
    ended_ = into.ended = true;
    return;
  }
  into.lag = Lag{.dropped = oldest - at_, .from_seq = seen_ + 1, .to_seq = 0};
  at_ = oldest;
  into.lag->to_seq =
      (at_ < end ? group_.waiting[at_ - group_.first]->seq() : ring_.numbers_.last + 1) - 1;
}

Cursor::Lag Cursor::abandon() {
  const std::lock_guard lock(ring_.mutex_);
  Lag missed{.dropped = replay_.size(), .from_seq = seen_ + 1, .to_seq = ring_.numbers_.last};
  if (!replay_.empty()) missed.from_seq = replay_.front()->seq();
  if (start_.policy == LagPolicy::coalesce) {
    // What was superseded has been told by what came after it.
    at_ = std::max(at_, group_.first);
    for (; at_ < group_.end(); ++at_)
      missed.dropped += group_.waiting[at_ - group_.first] == nullptr ? 0U : 1U;
  }
  missed.dropped += group_.end() - at_;
  at_ = group_.end();
  replay_.clear();
  ended_ = true;
  return missed;
}

void Cursor::take(std::size_t most, Batch& into) {
  into.lag.reset();
  into.records.clear();
  into.ended = ended_;
  const std::lock_guard lock(ring_.mutex_);
  while (!replay_.empty() && into.records.size() < most) {
    into.records.push_back(std::move(replay_.front()));
    replay_.pop_front();
  }
  if (!into.records.empty() || ended_) return;
  catch_up(into);
  for (; !ended_ && at_ < group_.end() && into.records.size() < most; ++at_) {
    const RecordPtr& record = group_.waiting[at_ - group_.first];
    if (record != nullptr) into.records.push_back(record);
  }
  if (!into.records.empty()) seen_ = into.records.back()->seq();
  armed_ = into.records.empty() && !ended_;
}

}  // namespace engine::event
