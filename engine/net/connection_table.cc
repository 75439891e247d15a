#include "net/connection_table.hh"

namespace engine::net {

void ConnectionTable::add(ConnectionInfo info, UniqueFunction<void()> close) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = info.id;
  entries_.insert_or_assign(id, Entry{std::move(info), std::move(close), {}});
}

void ConnectionTable::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  entries_.erase(id);
}

bool ConnectionTable::put(std::uint64_t id, std::string_view key, std::optional<std::string> json) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  auto& values = found->second.values;
  if (json) {
    values.insert_or_assign(std::string(key), std::move(*json));
  } else if (const auto at = values.find(key); at != values.end()) {
    values.erase(at);
  }
  return true;
}

std::optional<std::string> ConnectionTable::get(std::uint64_t id, std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  const auto value = found->second.values.find(key);
  if (value == found->second.values.end()) return std::nullopt;
  return value->second;
}

bool ConnectionTable::is_known(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found != entries_.end() && !found->second.values.empty();
}

std::vector<ConnectionInfo> ConnectionTable::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ConnectionInfo> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_)
    all.push_back(entry.info);
  return all;
}

bool ConnectionTable::close(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  if (found->second.close) found->second.close();
  return true;
}

}  // namespace engine::net
