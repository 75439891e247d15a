#include "net/connection_quota.hh"

#include "net/refuser.hh"

#include "server.hh"
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <thread>
#include <vector>

using engine::UniqueFd;
using engine::net::ConnectionQuota;
using engine::net::Refuser;
using Place = ConnectionQuota::Place;

TEST_CASE("net/connection_quota: so many in all, and so many from one place") {
  ConnectionQuota quota({.total = 3, .per_origin = 2});
  auto one = quota.admit("a");
  auto two = quota.admit("a");
  REQUIRE((one && two));
  CHECK_FALSE(quota.admit("a"));
  auto other = quota.admit("b");
  REQUIRE(other);
  CHECK_FALSE(quota.admit("c"));
  CHECK(quota.connections() == 3);
  one.reset();
  CHECK(quota.connections() == 2);
  CHECK(quota.admit("a"));
}

TEST_CASE("net/connection_quota: a place moves, counts once, and may outlive the quota") {
  auto quota = std::make_unique<ConnectionQuota>(ConnectionQuota::Limits{.total = 2});
  Place first = *quota->admit();
  Place second = std::move(first);
  CHECK(quota->connections() == 1);
  second = *quota->admit("x");  // the old one is given back
  CHECK(quota->connections() == 1);
  quota.reset();
}

TEST_CASE("net/connection_quota: places are taken and given back on many threads") {
  ConnectionQuota quota({.total = 50, .per_origin = 20});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&quota, i] {
      for (int round = 0; round < 2'000; ++round) {
        auto place = quota.admit(std::string(1, static_cast<char>('a' + (round + i) % 3)));
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(quota.connections() == 0);
}

namespace {

/// The origin of a connection over the loopback address of `family`, as the server sees it.
std::string origin_over(int family) {
  sockaddr_storage address = {};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
  }
  socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  const UniqueFd listening(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listening.get(), raw, size) == 0);
  REQUIRE(::listen(listening.get(), 1) == 0);
  REQUIRE(::getsockname(listening.get(), raw, &size) == 0);
  const UniqueFd client(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client.get(), raw, size) == 0);
  const UniqueFd accepted(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  return engine::net::origin_of(accepted.get());
}

}  // namespace

TEST_CASE("net/connection_quota: who is behind a socket") {
  CHECK(origin_over(AF_INET) == std::string("\x7f\0\0\1", 4));
  CHECK(origin_over(AF_INET6) == std::string(8, '\0'));
  std::array<int, 2> pair = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
  const UniqueFd one(pair[0]);
  const UniqueFd two(pair[1]);
  CHECK(engine::net::origin_of(one.get()).empty());
}

TEST_CASE("net/refuser: whoever is refused reads why, although he has spoken already") {
  engine::loop::Loop loop("test");
  Refuser refuser(loop);
  std::array<int, 2> pair = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) == 0);
  const UniqueFd client(pair[0]);
  REQUIRE(::send(client.get(), "hello", 5, 0) == 5);
  refuser.refuse(UniqueFd(pair[1]), "busy");
  std::array<char, 16> got = {};
  CHECK(::recv(client.get(), got.data(), got.size(), 0) == 4);
  CHECK(std::string_view(got.data()) == "busy");
  CHECK(::recv(client.get(), got.data(), got.size(), 0) == 0);
  // Its socket goes a moment later.
  CHECK(test::eventually([&] {
    loop.poll();
    return ::send(client.get(), "more", 4, MSG_NOSIGNAL) < 0;
  }));
}
