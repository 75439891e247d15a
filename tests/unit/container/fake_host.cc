#include "fake_host.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <catch2/catch.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>

using engine::UniqueFd;
using engine::json::Object;
using engine::json::Value;

FakeHost::FakeHost(const std::filesystem::path& socket, Answer answer)
    : answer_(std::move(answer)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener_.get(), 8) == 0);
  REQUIRE(::chmod(socket.c_str(), 0666) == 0);
  thread_ = std::thread([this] { serve(); });
}

FakeHost::~FakeHost() {
  stopping_ = true;
  thread_.join();
}

std::vector<FakeHost::Call> FakeHost::calls(const std::string& method) const {
  const std::lock_guard lock(mutex_);
  std::vector<Call> found;
  for (const Call& call : calls_) {
    if (method.empty() || call.method == method) found.push_back(call);
  }
  return found;
}

void FakeHost::serve() {
  std::map<int, std::string> connections;
  while (!stopping_) {
    std::vector<pollfd> set = {{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
    for (const auto& [fd, buffer] : connections)
      set.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    ::poll(set.data(), set.size(), 20);
    if (set[0].revents != 0) {
      connections.emplace(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC), "");
    }
    for (std::size_t i = 1; i < set.size(); ++i) {
      if (set[i].revents == 0 || take(set[i].fd, connections[set[i].fd])) continue;
      ::close(set[i].fd);
      connections.erase(set[i].fd);
    }
  }
  for (const auto& [fd, buffer] : connections)
    ::close(fd);
}

// False at the end of the connection.
bool FakeHost::take(int connection, std::string& buffer) {
  char block[65'536];
  const ssize_t got = ::read(connection, block, sizeof block);
  if (got <= 0) return false;
  buffer.append(block, static_cast<std::size_t>(got));
  for (std::size_t end = 0; (end = buffer.find('\n')) != std::string::npos;) {
    const auto request = engine::json::parse(buffer.substr(0, end));
    buffer.erase(0, end + 1);
    const Value* params = request->find("params");
    const Call call{request->string_or("method", ""), params != nullptr ? *params : Value()};
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(call);
    }
    const Object answer = {
        {"jsonrpc", "2.0"}, {"id", *request->find("id")}, {"result", answer_(call)}};
    const std::string text = engine::json::write(answer) + "\n";
    (void)!::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }
  return true;
}
