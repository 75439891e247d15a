#pragma once

#include "net/unix_listener.hh"

#include "http/service.hh"
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace test {

namespace http = engine::http;

inline constexpr int kDeadlineMs = 20'000;

/// Like REQUIRE, but for every thread: Catch's macros belong to the test's own.
inline void must(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

/// A directory of its own under /tmp, removed at the end.
class Directory {
 public:
  Directory() {
    std::string name = "/tmp/mb-http-XXXXXX";
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

/// POST /echo answers with the body; /hold keeps it until `release`; /big/N answers N bytes;
/// /file/N the first N of a file; /count streams the request's body and
/// answers its size; /sink keeps its reader; /early answers without reading; /drop answers nothing.
class Handler : public http::Handler {
 public:
  void on_open(http::Session& session) override;
  void on_close(http::Session& session) override;
  http::BodyMode on_head(http::Session& session, const http::Request& request) override;
  void on_request(http::Session& session,
                  const http::Request& request,
                  http::Responder respond) override;
  void on_stream(http::Session& session,
                 const http::Request& request,
                 http::BodyReader body,
                 http::Responder respond) override;
  std::optional<http::Response> on_upgrade(http::Session& session,
                                           const http::Request& request) override;
  void on_websocket(http::Session& session) override;
  void on_message(http::Session& session, std::string_view text, http::Answer answer) override;
  void on_websocket_close(http::Session& session, unsigned code, std::string_view reason) override;
  void on_line(http::Session& session, std::string_view line, http::Answer answer) override;
  void on_oversize_line(http::Session&, http::Answer answer) override { answer.send("oversize"); }
  void on_unfinished_line(http::Session& session) override { session.send("unfinished"); }
  bool on_idle_lines(http::Session&) override { return ++idle > 3; }

  /// Answers all that is held, last first. On the loop.
  void release();

  std::atomic<std::size_t> opened = 0;
  std::atomic<std::size_t> closed = 0;
  std::atomic<std::size_t> requests = 0;
  std::atomic<std::size_t> messages = 0;
  std::atomic<std::size_t> held_count = 0;
  std::atomic<std::size_t> streamed = 0;  ///< body bytes read by /count
  std::atomic<std::size_t> idle = 0;  ///< how often a connection of lines might have been closed
  std::atomic<std::size_t> stream_errors = 0;  ///< reads of them that failed
  std::atomic<std::uint64_t> last_id = 0;
  std::atomic<unsigned> close_code = 0;
  std::atomic<int> peer_pid = 0;
  std::promise<std::string> address;  ///< of the first connection
  engine::loop::Loop* loop = nullptr;
  std::filesystem::path file;  ///< served by /file
  std::vector<std::pair<std::string, http::Responder>> held;
  std::vector<std::pair<std::string, http::Answer>> held_answers;
  std::vector<std::pair<http::BodyReader, http::Responder>> sinks;

 private:
  struct Counter;
  void count(std::shared_ptr<Counter> counter);
};

/// A service on a thread of its own, with a Unix and a TCP listener. The identity is made once.
class Server {
 public:
  explicit Server(const http::Limits& limits = {}, http::AdoptOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

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

  http::Service& service() { return *service_; }
  engine::loop::Loop& loop() { return loop_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
  /// Hands a connected socket over, with what was read of it already.
  void adopt(engine::UniqueFd socket, std::string already_read = {});

  Handler handler;

 private:
  void accept_tcp();
  Directory directory_;
  std::filesystem::path path_;
  http::AdoptOptions options_;
  engine::loop::Loop loop_{"server"};
  std::unique_ptr<http::Service> service_;
  engine::UniqueFd tcp_;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  std::thread thread_;
};

/// The certificate the tests use, and contexts with it.
const engine::crypto::Identity& identity();
http::AdoptOptions over_tls(http::Protocol protocol = http::Protocol::http);

}  // namespace test
