#pragma once

#include "net/line_balancer.hh"
#include "net/unix_listener.hh"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace test {

namespace net = engine::net;

inline constexpr int kDeadlineMs = 10'000;

/// Like REQUIRE, but for every thread: Catch's macros belong to the test's own.
inline void must(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

/// A directory of its own under /tmp, removed at the end.
class Directory {
 public:
  Directory() {
    std::string name = "/tmp/mb-net-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Waits until `condition` holds; false past the deadline.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = engine::Clock::now() + engine::Milliseconds(kDeadlineMs);
  while (engine::Clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(engine::Milliseconds(1));
  }
  return condition();
}

/// Answers "echo X" with "X", keeps "hold X" until `release`, answers "big N" with N bytes.
class Handler : public net::LineHandler {
 public:
  void on_open(net::LineSession& session) override {
    ++opened;
    last_peer = session.peer();
    last_id = session.id();
  }
  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override {
    ++lines;
    if (line.starts_with("echo ")) {
      answer.send(line.substr(5));
    } else if (line.starts_with("hold ")) {
      held.emplace_back(std::string(line.substr(5)), std::move(answer));
      held_count = held.size();
    } else if (line.starts_with("big ")) {
      answer.send(std::string(std::stoul(std::string(line.substr(4))), 'x'));
    } else if (line == "bye") {
      answer.send("bye");
      session.close();
    } else if (line != "drop") {
      answer.send(fmt::format("? {}", line));
    }
  }
  void on_oversize(net::LineSession&, net::Answer answer) override { answer.send("oversize"); }
  void on_room(net::LineSession& session) override {
    const std::lock_guard lock(mutex);
    while (!outgoing.empty() && session.push(outgoing.front(), "!"))
      outgoing.pop_front();
    if (!outgoing.empty()) ++refused;
  }
  void on_stalled(net::LineSession&) override { ++stalled; }
  void on_unfinished_line(net::LineSession& session) override { session.send("unfinished"); }
  bool on_idle(net::LineSession&) override { return ++idle > 3; }
  void on_close(net::LineSession&) override { ++closed; }
  void on_http(net::LineSession&, engine::UniqueFd socket, std::string already_read) override {
    const std::string told = "http " + already_read + "\n";
    (void)::send(socket.get(), told.data(), told.size(), MSG_NOSIGNAL);
  }

  /// Answers all that is held, last first. On the loop.
  void release() {
    for (; !held.empty(); held.pop_back())
      held.back().second.send(held.back().first);
    held_count = 0;
  }

  std::atomic<std::size_t> opened = 0;
  std::atomic<std::size_t> closed = 0;
  std::atomic<std::size_t> lines = 0;
  std::atomic<std::size_t> held_count = 0;
  std::atomic<std::size_t> refused = 0;
  std::atomic<std::size_t> idle = 0;  ///< how often a connection might have been closed
  std::atomic<std::size_t> stalled = 0;
  std::mutex mutex;
  std::deque<std::string> outgoing;  ///< guarded by mutex; pushed when there is room
  std::atomic<std::uint64_t> last_id = 0;
  net::PeerCredentials last_peer;
  std::vector<std::pair<std::string, net::Answer>> held;
};

/// A service on a thread of its own, with a listener on the same loop.
class Server {
 public:
  explicit Server(const net::LineLimits& limits = {}, std::size_t connections = 1'024)
      : path_(directory_.path() / "s") {
    std::promise<void> ready;
    thread_ = std::thread([this, &limits, connections, &ready] {
      service_ = *net::LineService::open(loop_, handler, limits, 3);
      net::Refuser refuser(loop_);
      net::LineBalancer balancer({service_.get()}, connections, refuser, "busy");
      const auto listener = *net::UnixListener::open(
          loop_, path_, {}, [&](engine::UniqueFd fd) { balancer.adopt(std::move(fd)); });
      ready.set_value();
      loop_.run();
      service_.reset();
    });
    ready.get_future().wait();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    loop_.stop();
    thread_.join();
  }

  /// Runs `work` on the loop and waits for it.
  template <typename F>
  auto on_loop(F work) {
    std::promise<decltype(work())> result;
    loop_.post([&] {
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        result.set_value();
      } else {
        result.set_value(work());
      }
    });
    return result.get_future().get();
  }

  net::LineService& service() { return *service_; }
  engine::loop::Loop& loop() { return loop_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  Handler handler;

 private:
  Directory directory_;
  std::filesystem::path path_;
  engine::loop::Loop loop_{"server"};
  std::unique_ptr<net::LineService> service_;
  std::thread thread_;
};

/// A plain blocking client.
class Client {
 public:
  explicit Client(const std::filesystem::path& path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = *net::UnixAddress::make(path);
    must(connect(socket_.get(), address.get(), address.size()) == 0, "connect");
  }
  void write(std::string_view text) const {
    must(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(text.size()),
         "send");
  }
  /// The next line; nullopt at the end of the stream. Fails the test past the deadline.
  std::optional<std::string> read_line() {
    while (true) {
      if (const auto end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
      must(poll(&ready, 1, kDeadlineMs) == 1, "a line in time");
      char chunk[65'536];
      const ssize_t got = recv(socket_.get(), chunk, sizeof chunk, 0);
      if (got <= 0) return std::nullopt;
      buffer_.append(chunk, static_cast<std::size_t>(got));
    }
  }
  void half_close() const { shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  engine::UniqueFd socket_;
  std::string buffer_;
};

}  // namespace test
