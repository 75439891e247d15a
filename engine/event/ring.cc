#include "event/ring.hh"

#include "base/time.hh"
#include "json/writer.hh"

#include <algorithm>

namespace engine::event {
namespace {

void write_field(json::Writer& writer, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  writer.key(key);
  writer.string(value);
}

std::string encode(const Event& event) {
  std::string text;
  json::Writer writer(text);
  writer.start_object();
  write_field(writer, "ts", now_rfc3339());
  write_field(writer, "type", event.type);
  write_field(writer, "level", log::level_name(event.level));
  write_field(writer, "target", event.target);
  write_field(writer, "job", event.job);
  write_field(writer, "package", event.package);
  write_field(writer, "path", event.path);
  writer.key("data");
  writer.raw(event.data);
  writer.end_object();
  return text;
}

}  // namespace

std::uint64_t Ring::publish(Event event) {
  auto record = std::make_shared<Record>();
  record->text = encode(event);
  record->event = std::move(event);
  const std::lock_guard lock(mutex_);
  record->seq = ++last_seq_;
  bytes_ += record->text.size();
  records_.push_back(record);
  while (records_.size() > limits_.events || (bytes_ > limits_.bytes && records_.size() > 1)) {
    bytes_ -= records_.front()->text.size();
    records_.pop_front();
  }
  for (const auto& [id, subscription] : subscriptions_) {
    if (subscription.filter.matches(record->event)) subscription.sink(id, record);
  }
  return record->seq;
}

bool Ring::has_gap(std::uint64_t since) const {
  const std::uint64_t oldest = records_.empty() ? last_seq_ + 1 : records_.front()->seq;
  return since + 1 < oldest || since > last_seq_;
}

std::size_t Ring::replay(std::uint64_t id, const Subscription& subscription, Start start) const {
  std::vector<RecordPtr> found;
  const std::size_t most = start.since > 0 ? records_.size() : start.replay_last;
  for (auto at = records_.rbegin(); at != records_.rend() && found.size() < most; ++at) {
    if (start.since > 0 && (*at)->seq <= start.since) break;
    if (subscription.filter.matches((*at)->event)) found.push_back(*at);
  }
  for (auto at = found.rbegin(); at != found.rend(); ++at)
    subscription.sink(id, *at);
  return found.size();
}

Ring::Subscribed Ring::subscribe(Filter filter, Sink sink, Start start) {
  const std::lock_guard lock(mutex_);
  Subscribed result{.id = ++last_id_, .next = last_seq_ + 1};
  const Subscription& made =
      subscriptions_.emplace(result.id, Subscription{std::move(filter), std::move(sink)})
          .first->second;
  result.gap = start.since > 0 && has_gap(start.since);
  result.replayed = replay(result.id, made, start);
  return result;
}

void Ring::unsubscribe(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  subscriptions_.erase(id);
}

Ring::Page Ring::read(const Filter& filter, std::uint64_t since, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  Page page{.records = {}, .next = since, .gap = since > 0 && has_gap(since)};
  if (since > last_seq_) page.next = 0;
  const auto first = std::ranges::upper_bound(records_, page.next, {}, &Record::seq);
  for (auto at = first; at != records_.end() && page.records.size() < limit; ++at) {
    page.next = (*at)->seq;
    if (filter.matches((*at)->event)) page.records.push_back(*at);
  }
  return page;
}

std::uint64_t Ring::last_seq() const {
  const std::lock_guard lock(mutex_);
  return last_seq_;
}

std::size_t Ring::subscriptions() const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.size();
}

}  // namespace engine::event
