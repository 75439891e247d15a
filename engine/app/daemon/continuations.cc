#include "app/daemon/continuations.hh"

#include "crypto/random.hh"

#include <algorithm>
#include <utility>

namespace engine::app {
Result<std::string> Continuations::reserve(Entry entry) {
  std::string guid = crypto::make_guid();
  const std::lock_guard lock(mutex_);
  const auto of_session = [&](const auto& one) { return one.second.session == entry.session; };
  const bool full = entries_.size() >= limits_.total;
  if (full ||
      (!entry.session.empty() &&
       std::cmp_greater_equal(std::ranges::count_if(entries_, of_session), limits_.per_session))) {
    return fail(Error{.code = Errc::busy,
                      .message = full ? "too many streams wait for their clients"
                                      : "too many streams of this session wait for its client",
                      .hint = "open those that were asked for, or let their time pass"});
  }
  entries_.emplace(guid, std::move(entry));
  return guid;
}

Result<std::string> Continuations::reserve_socket(std::string session, OpenSocket open) {
  return reserve({.session = std::move(session), .method = {}, .open = std::move(open)});
}

Result<std::string> Continuations::reserve_body(std::string session,
                                                std::string method,
                                                OpenBody open) {
  return reserve(
      {.session = std::move(session), .method = std::move(method), .open = std::move(open)});
}

bool Continuations::remove(const std::string& guid) {
  Entries::node_type gone;  // what it holds is destroyed without the lock
  const std::lock_guard lock(mutex_);
  gone = entries_.extract(guid);
  return !gone.empty();
}

bool Continuations::take_socket(std::string_view guid,
                                const std::shared_ptr<SocketChannel>& channel) {
  OpenSocket open;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(guid);
    if (found == entries_.end() || !std::holds_alternative<OpenSocket>(found->second.open)) {
      return false;
    }
    open = std::move(std::get<OpenSocket>(found->second.open));
    remember(found->second.session, channel);
    entries_.erase(found);
  }
  open(channel);
  return true;
}

bool Continuations::take_body(std::string_view guid,
                              std::string_view method,
                              const std::shared_ptr<BodyChannel>& channel) {
  OpenBody open;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(guid);
    if (found == entries_.end() || !std::holds_alternative<OpenBody>(found->second.open)) {
      return false;
    }
    if (!found->second.method.empty() && found->second.method != method) return false;
    open = std::move(std::get<OpenBody>(found->second.open));
    remember(found->second.session, channel);
    entries_.erase(found);
  }
  open(channel);
  return true;
}

/// With the lock held.
void Continuations::remember(const std::string& session, std::weak_ptr<Channel> channel) {
  if (session.empty()) return;
  auto& streams = streams_[session];
  std::erase_if(streams, [](const auto& stream) { return stream.expired(); });
  streams.push_back(std::move(channel));
}

std::size_t Continuations::kill_session(const std::string& session) {
  std::vector<Entries::node_type> gone;
  std::vector<std::weak_ptr<Channel>> streams;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = entries_.begin(); at != entries_.end();) {
      const auto next = std::next(at);
      if (at->second.session == session) gone.push_back(entries_.extract(at));
      at = next;
    }
    if (auto found = streams_.extract(session)) streams = std::move(found.mapped());
  }
  std::size_t ended = gone.size();
  for (const auto& weak : streams) {
    if (const auto stream = weak.lock()) {
      stream->kill();
      ++ended;
    }
  }
  return ended;
}

void Continuations::clear() {
  Entries gone;
  const std::lock_guard lock(mutex_);
  gone.swap(entries_);
}

}  // namespace engine::app
