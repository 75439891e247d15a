#include "server.hh"
#include <sys/stat.h>

#include <fstream>

using engine::Errc;
using engine::UniqueFd;
using engine::loop::Loop;
using engine::net::UnixListener;
using test::Directory;

namespace {

auto open_listener(Loop& loop,
                   const std::filesystem::path& path,
                   const engine::net::ListenOptions& options = {}) {
  return UnixListener::open(loop, path, options, [](UniqueFd) {});
}

}  // namespace

TEST_CASE("net/unix_listener: the socket has its rights and goes when closed") {
  const Directory directory;
  const auto path = directory.path() / "s";
  Loop loop("test");
  {
    const auto listener = open_listener(loop, path, {.mode = 0620, .group = getgid()});
    REQUIRE(listener);
    struct stat found = {};
    REQUIRE(stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 07777U) == 0620);
    const auto entries = std::filesystem::directory_iterator(directory.path());
    CHECK(std::distance(begin(entries), end(entries)) == 1);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("net/unix_listener: replaces a socket nobody answers on, not one in use") {
  const Directory directory;
  const auto path = directory.path() / "s";
  Loop loop("test");
  {
    const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = *engine::net::UnixAddress::make(path);
    REQUIRE(bind(stale.get(), address.get(), address.size()) == 0);
  }
  const auto listener = open_listener(loop, path);
  REQUIRE(listener);
  const auto second = open_listener(loop, path);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::instance_held);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("net/unix_listener: leaves a successor's socket alone") {
  const Directory directory;
  const auto path = directory.path() / "s";
  Loop loop("test");
  auto first = *open_listener(loop, path);
  std::filesystem::rename(path, directory.path() / "moved");
  const auto second = *open_listener(loop, path);
  first.reset();
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("net/unix_listener: refuses what cannot be") {
  const Directory directory;
  Loop loop("test");
  const auto refused = [&](const std::filesystem::path& path) {
    const auto listener = open_listener(loop, path);
    REQUIRE_FALSE(listener);
    return listener.error();
  };
  std::ofstream(directory.path() / "file") << "x";
  CHECK(refused(directory.path() / "file").code == Errc::cannot_bind);
  CHECK(std::filesystem::file_size(directory.path() / "file") == 1);
  CHECK(refused(directory.path() / "missing" / "s").code == Errc::cannot_bind);
  const auto longer = refused(directory.path() / std::string(120, 'x'));
  CHECK(longer.code == Errc::cannot_bind);
  CHECK(longer.message.find("107 bytes") != std::string::npos);
}

TEST_CASE("net/unix_listener: a path of exactly 107 bytes works") {
  const Directory directory;
  Loop loop("test");
  const auto path = directory.path() / std::string(107 - directory.path().string().size() - 1, 'x');
  REQUIRE(open_listener(loop, path));
}
