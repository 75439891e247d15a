#include "http/connection_set.hh"

#include "base/log.hh"

#include "http/http_dialect.hh"
#include "http/line_dialect.hh"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

namespace engine::http {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kKeepAliveIdle = 120;  // seconds
constexpr int kKeepAliveEvery = 20;
constexpr std::string_view kStopping =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 25\r\nRetry-After: 1\r\nConnection: close\r\n\r\nthe server shuts down now";

/// How often times are looked at: a quarter of the shortest, within reason.
Milliseconds tick_of(const Limits& limits) {
  Milliseconds tick{4'000};
  for (const Milliseconds limit : {limits.handshake,
                                   limits.header_time,
                                   limits.stalled,
                                   limits.idle,
                                   limits.stalled_line,
                                   limits.idle_lines,
                                   limits.linger,
                                   limits.ping,
                                   limits.pong,
                                   limits.close}) {
    if (limit.count() > 0) tick = std::min(tick, limit);
  }
  return std::clamp(tick / 4, Milliseconds(10), Milliseconds(1'000));
}

/// "127.0.0.1:4711"; empty for what is not TCP.
std::string address_of(int socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(four.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(six.sin6_port));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ConnectionSet>> ConnectionSet::open(loop::Loop& loop,
                                                           Handler& handler,
                                                           const Limits& limits,
                                                           unsigned index) {
  std::unique_ptr<ConnectionSet> set(new ConnectionSet(loop, handler, limits, index));
  TRY_ASSIGN(set->poller_, net::Poller::open(loop, [raw = set.get()] { raw->turn(); }));
  set->poller_->arm();
  return set;
}

ConnectionSet::ConnectionSet(loop::Loop& loop,
                             Handler& handler,
                             const Limits& limits,
                             unsigned index)
    : loop_(loop),
      handler_(handler),
      limits_(limits),
      half_read_{.limit = limits.half_read},
      index_(index),
      // The kernel copies into a buffer that begins on a page several times faster than into one
      // that malloc places 16 bytes after it.
      scratch_(static_cast<char*>(
                   std::aligned_alloc(kPage, (limits.read_chunk + kPage - 1) / kPage * kPage)),
               &std::free),
      clock_(loop),
      tick_(tick_of(limits)),
      now_(Clock::now()) {}

ConnectionSet::~ConnectionSet() {
  *alive_ = false;
  in_turn_ = true;
  for (const auto& [id, connection] : std::exchange(connections_, {})) {
    poller_->remove(connection->fd());
    connection->retire();
  }
}

void ConnectionSet::adopt(UniqueFd socket, AdoptOptions options) {
  ++count_;
  loop_.post(
      [this, alive = alive_, socket = std::move(socket), options = std::move(options)]() mutable {
        if (*alive) welcome(std::move(socket), std::move(options));
      });
}

void ConnectionSet::welcome(UniqueFd socket, AdoptOptions options) {
  if (draining_) {
    --count_;
    if (!options.tls && options.protocol == Protocol::http) {
      (void)::send(socket.get(), kStopping.data(), kStopping.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return;
  }
  now_ = Clock::now();
  const int fd = socket.get();
  std::string address = address_of(fd);
  std::optional<net::PeerCredentials> peer;
  if (address.empty()) {
    if (Result<net::PeerCredentials> known = net::peer_credentials(fd)) peer = *known;
  } else {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // A peer that vanished without a word is noticed after some minutes.
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdle, sizeof kKeepAliveIdle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveEvery, sizeof kKeepAliveEvery);
  }
  const bool lines = options.protocol == Protocol::lines;
  const std::uint64_t id = (std::uint64_t{index_} << kIndexShift) | next_id_++;
  auto connection = std::make_shared<Connection>(
      *this,
      id,
      std::make_unique<Transport>(
          std::move(socket), std::move(options.tls), std::move(options.already_read)),
      peer,
      std::move(address),
      std::move(options.place));
  if (Result<> added = poller_->add(fd, EPOLLIN | EPOLLRDHUP, connection.get()); !added) {
    --count_;
    return log::warn("http", "cannot open a session", {{"error", added.error().message}});
  }
  std::unique_ptr<Dialect> dialect;
  if (lines) {
    dialect = std::make_unique<LineDialect>(*connection);
  } else {
    dialect = std::make_unique<HttpDialect>(*connection);
  }
  connections_.emplace(id, connection);
  watch_time();
  connection->start(connection, std::move(dialect));
  look_at(*connection);
}

Connection* ConnectionSet::find(std::uint64_t id) const {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ConnectionSet::drain(Completion<> done) {
  draining_ = true;
  drained_ = std::move(done);
  for (const auto& [id, connection] : connections_) {
    connection->drain();
    look_at(*connection);
  }
  schedule();
}

void ConnectionSet::look_at(Connection& connection) {
  if (connection.queued) return;
  connection.queued = true;
  to_look_at_.push_back(&connection);
  schedule();
}

void ConnectionSet::schedule() {
  if (scheduled_ || in_turn_) return;
  scheduled_ = true;
  loop_.post([this, alive = alive_] {
    if (!*alive) return;
    scheduled_ = false;
    turn();
  });
}

void ConnectionSet::turn() {
  in_turn_ = true;
  for (const epoll_event& event : poller_->collect()) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    connection.note_events(event.events);
    look_at(connection);
  }
  now_ = read_clock();
  may_join_until_ = now_ + net::kAnswersWait;
  if (!to_look_at_.empty()) last_work_ = now_;
  looking_at_.swap(to_look_at_);
  for (Connection* connection : looking_at_)
    connection->queued = false;
  for (std::size_t served = 0; served < looking_at_.size();)
    served = serve_group(served);
  looking_at_.clear();
  retired_.clear();
  in_turn_ = false;
  rest();
}

/// Serves the next few from `first` on, as many as get their answers soon; returns where the rest
/// begins.
std::size_t ConnectionSet::serve_group(std::size_t first) {
  const TimePoint end = now_ + net::kAnswersWait;
  std::size_t next = first;
  do {
    looking_at_[next++]->take_input();
    now_ = clock_after(now_);
    if (next == looking_at_.size() && next - first >= net::kLookAgain) let_others_join();
  } while (next < looking_at_.size() && now_ < end);
  for (Connection* connection : std::span(looking_at_).subspan(first, next - first)) {
    connection->write_output();
    if (connection->finished()) {
      retire(*connection);
    } else if (connection->has_work()) {
      look_at(*connection);
    }
  }
  return next;
}

/// What has become ready since the turn began has its step in it, if the turn is still young.
void ConnectionSet::let_others_join() {
  if (now_ >= may_join_until_) return;
  for (const epoll_event& event : poller_->collect()) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    connection.note_events(event.events);
    if (connection.in_step()) {
      look_at(connection);
    } else {
      looking_at_.push_back(&connection);
    }
  }
}

/// Takes another turn, or sleeps until a socket is ready.
void ConnectionSet::rest() {
  if (draining_ && connections_.empty() && drained_) {
    loop_.post([done = std::exchange(drained_, {})]() mutable { done({}); });
    return;
  }
  if (!to_look_at_.empty() || keep_spinning()) {
    schedule();
  } else {
    poller_->arm();
  }
}

bool ConnectionSet::keep_spinning() {
  return limits_.spin.count() > 0 && read_clock() - last_work_ < limits_.spin;
}

/// Ends a connection; its memory stays until the end of the turn.
void ConnectionSet::retire(Connection& connection) {
  poller_->remove(connection.fd());
  connection.retire();
  if (connection.queued) std::erase(to_look_at_, &connection);
  const auto found = connections_.find(connection.id());
  retired_.push_back(std::move(found->second));
  connections_.erase(found);
  --count_;
}

void ConnectionSet::watch_time() {
  if (clock_running_) return;
  clock_running_ = true;
  clock_.start(tick_, [this] {
    clock_running_ = false;
    now_ = Clock::now();
    for (const auto& [id, connection] : connections_)
      connection->check_time(now_);
    if (!connections_.empty()) watch_time();
  });
}

}  // namespace engine::http
