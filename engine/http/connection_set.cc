#include "http/connection_set.hh"

#include "base/log.hh"

#include "http/http_dialect.hh"
#include "http/line_dialect.hh"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace engine::http {
namespace {

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
  std::unique_ptr<ConnectionSet> set(new ConnectionSet(handler, limits));
  TRY_ASSIGN(set->turns_,
             net::Turns<Connection>::open(loop,
                                          {.index = index,
                                           .read_chunk = limits.read_chunk,
                                           .spin = limits.spin,
                                           .tick = tick_of(limits)},
                                          [](Connection& connection) { connection.retire(); }));
  return set;
}

ConnectionSet::~ConnectionSet() {
  if (turns_) turns_->end_all();
}

void ConnectionSet::adopt(UniqueFd socket, AdoptOptions options) {
  turns_->post_adding([this, socket = std::move(socket), options = std::move(options)]() mutable {
    welcome(std::move(socket), std::move(options));
  });
}

void ConnectionSet::welcome(UniqueFd socket, AdoptOptions options) {
  if (draining()) {
    if (!options.tls && options.protocol == Protocol::http) {
      (void)::send(socket.get(), kStopping.data(), kStopping.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    return;
  }
  turns_->update_now();
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
  auto connection = std::make_shared<Connection>(
      *this,
      turns_->new_id(),
      std::make_unique<Transport>(
          std::move(socket), std::move(options.tls), std::move(options.already_read)),
      peer,
      std::move(address),
      std::move(options.place));
  if (Result<> added = turns_->add(connection); !added) {
    return log::warn("http", "cannot open a session", {{"error", added.error().message}});
  }
  std::unique_ptr<Dialect> dialect;
  if (lines) {
    dialect = std::make_unique<LineDialect>(*connection);
  } else {
    dialect = std::make_unique<HttpDialect>(*connection);
  }
  connection->start(connection, std::move(dialect));
  look_at(*connection);
}

void ConnectionSet::drain(Completion<> done) {
  turns_->drain(std::move(done));
  turns_->each([this](Connection& connection) {
    connection.drain();
    look_at(connection);
  });
}

}  // namespace engine::http
