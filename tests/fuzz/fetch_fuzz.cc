#include "fetch/exchange.hh"
#include "fetch/http_source.hh"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace engine;

namespace {

constexpr std::string_view kBoundary = "\n====\n";
const fetch::ConnectOptions kImpatient{.connect_seconds = 2, .stall_seconds = 2, .retries = 1};

void must(bool good) {
  if (!good) std::abort();
}

/// Where an answer may send us there is only this program.
void leave_the_network() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    std::perror("fetch_fuzz needs a network namespace of its own");
    std::exit(1);
  }
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  must(fd >= 0 && ::ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  ::close(fd);
}

/// Gives each connection the next of its answers, whatever it is asked.
class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    must(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    must(::listen(listener_, 64) == 0);
    must(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ::ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/x.s9pk";
  }

  void load(std::string_view input) {
    const std::lock_guard lock(mutex_);
    answers_.clear();
    next_ = 0;
    while (true) {
      const auto end = input.find(kBoundary);
      answers_.emplace_back(input.substr(0, end));
      if (end == std::string_view::npos) return;
      input.remove_prefix(end + kBoundary.size());
    }
  }

 private:
  std::string take() {
    const std::lock_guard lock(mutex_);
    return next_ < answers_.size() ? answers_[next_++] : std::string();
  }

  [[noreturn]] void serve() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      answer(fd, take());
      ::close(fd);
    }
  }

  /// Reads what there is first: closing over unread bytes would break the connection instead.
  static void answer(int fd, std::string_view bytes) {
    std::string asked;
    std::array<char, 4096> piece{};
    while (asked.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
      if (got <= 0) return;
      asked.append(piece.data(), static_cast<std::size_t>(got));
    }
    while (!bytes.empty()) {
      const ssize_t put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    ::shutdown(fd, SHUT_WR);
    while (::recv(fd, piece.data(), piece.size(), 0) > 0)
      continue;
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<std::string> answers_;
  std::size_t next_ = 0;
};

Server& server() {
  static Server* const only = new Server;  // its thread runs until the end
  return *only;
}

/// Reads as a package reader does: the front, something further on, then all of it.
void read_package() {
  const auto source = fetch::HttpSource::open(server().url(), kImpatient);
  if (!source) return must(!source.error().message.empty());
  const std::uint64_t size = (*source)->size();
  Bytes piece(std::min<std::uint64_t>(size, 1000));
  for (const std::uint64_t offset : {std::uint64_t{0}, size / 2, size - piece.size()}) {
    if (offset > size - piece.size()) continue;
    const auto read = (*source)->read(offset, piece);
    must(read || !read.error().message.empty());
    if (!read) return;
  }
  must(!(*source)->read(size, MutableBytes(piece).first(std::min<std::size_t>(piece.size(), 1))) ||
       piece.empty());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  leave_the_network();
  return 0;
}

/// Whatever a server answers to a reader or a publisher, it is told or it is an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  server().load(input);
  if (data[0] % 2 == 0) {
    read_package();
    return 0;
  }
  const auto answer =
      fetch::exchange({.method = "POST", .url = server().url(), .body = "{}"}, kImpatient);
  must(answer ? answer->body.size() <= (1U << 20U) : !answer.error().message.empty());
  return 0;
}
