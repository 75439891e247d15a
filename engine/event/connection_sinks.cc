#include "event/connection_sinks.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::event {
namespace {

std::string event_line(std::uint64_t sub, const Record& record) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","method":"event","params":{{"sub":{},"seq":{},"event":{}}}}})",
      sub,
      record.seq,
      record.text);
}

}  // namespace

PushingSinks::~PushingSinks() {
  for (const auto& [connection, subscriptions] : by_connection_) {
    for (const std::uint64_t id : subscriptions)
      ring_.unsubscribe(id);
  }
}

Result<Ring::Subscribed> PushingSinks::subscribe(std::uint64_t connection,
                                                 Filter filter,
                                                 Start start) {
  const std::lock_guard lock(mutex_);
  if (by_connection_[connection].size() >= kMostPerConnection) {
    return fail(Errc::busy,
                fmt::format("a connection may have {} subscriptions", kMostPerConnection));
  }
  const Ring::Subscribed made = ring_.subscribe(
      std::move(filter),
      [this, connection](std::uint64_t sub, const RecordPtr& record) {
        push_(connection, std::make_shared<const std::string>(event_line(sub, *record)));
      },
      start);
  by_connection_[connection].push_back(made.id);
  return made;
}

bool PushingSinks::unsubscribe(std::uint64_t connection, std::uint64_t subscription) {
  const std::lock_guard lock(mutex_);
  const auto found = by_connection_.find(connection);
  if (found == by_connection_.end() || std::erase(found->second, subscription) == 0) return false;
  ring_.unsubscribe(subscription);
  return true;
}

void PushingSinks::drop(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  const auto found = by_connection_.find(connection);
  if (found == by_connection_.end()) return;
  for (const std::uint64_t id : found->second)
    ring_.unsubscribe(id);
  by_connection_.erase(found);
}

std::string PushingSinks::lagged_line(std::size_t dropped) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"lagged","params":{{"dropped":{}}}}})", dropped);
}

}  // namespace engine::event
