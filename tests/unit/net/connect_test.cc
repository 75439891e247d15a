#include "net/connect.hh"

#include "server.hh"

using engine::Errc;
using engine::Milliseconds;
using engine::Result;
using engine::UniqueFd;
using engine::loop::Loop;
using engine::net::connect_unix;
using test::Directory;

namespace {

Result<UniqueFd> connected(const std::filesystem::path& path, engine::net::ConnectOptions options) {
  Loop loop("test");
  std::optional<Result<UniqueFd>> result;
  connect_unix(loop, path, options, [&](Result<UniqueFd> socket) {
    result = std::move(socket);
    loop.stop();
  });
  CHECK_FALSE(result);
  loop.run();
  return std::move(*result);
}

}  // namespace

TEST_CASE("net/connect: says when nothing is there") {
  const Directory directory;
  CHECK(connect_unix(directory.path() / "s").error().code == Errc::daemon_not_running);
  CHECK(connect_unix(directory.path() / std::string(200, 'x') / "s").error().code ==
        Errc::daemon_not_running);
  CHECK(connected(directory.path() / "s", {}).error().code == Errc::daemon_not_running);
}

TEST_CASE("net/connect: says when the listener died") {
  const Directory directory;
  const auto path = directory.path() / "s";
  {
    const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = *engine::net::UnixAddress::make(path);
    REQUIRE(bind(stale.get(), address.get(), address.size()) == 0);
  }
  CHECK(connect_unix(path).error().code == Errc::daemon_not_running);
}

TEST_CASE("net/connect: reaches a socket under a long path") {
  const Directory directory;
  const auto deep = directory.path() / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(deep);
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
  const auto address = *engine::net::UnixAddress::make(deep / "s");
  REQUIRE(bind(listener.get(), address.get(), address.size()) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  CHECK(connect_unix(deep / "s"));
}

TEST_CASE("net/connect: waits for a socket that will appear") {
  const Directory directory;
  const auto path = directory.path() / "s";
  std::thread late([&] {
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = *engine::net::UnixAddress::make(path);
    test::must(bind(listener.get(), address.get(), address.size()) == 0, "bind");
    test::must(listen(listener.get(), 1) == 0, "listen");
    const UniqueFd accepted(accept(listener.get(), nullptr, nullptr));
  });
  CHECK(connected(path, {.wait_for_socket = true}));
  late.join();
}

TEST_CASE("net/connect: a full queue is a timeout") {
  const Directory directory;
  const auto path = directory.path() / "s";
  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
  const auto address = *engine::net::UnixAddress::make(path);
  REQUIRE(bind(listener.get(), address.get(), address.size()) == 0);
  REQUIRE(listen(listener.get(), 0) == 0);
  std::vector<UniqueFd> waiting;
  while (auto socket = connect_unix(path))
    waiting.push_back(std::move(*socket));
  CHECK(connect_unix(path).error().code == Errc::busy);
  CHECK(connected(path, {.timeout = Milliseconds(50)}).error().code == Errc::timeout);
}
