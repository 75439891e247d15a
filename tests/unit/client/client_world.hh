#pragma once

#include "client/client.hh"
#include "net/line_service.hh"
#include "net/unix_listener.hh"
#include "rpc/encode.hh"
#include "rpc/request.hh"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>

namespace engine::client {

/// "echo" gives its params; "hold" waits for `release`; "hang_up" closes; "fail" fails.
class Server final : public net::LineHandler {
 public:
  Server(loop::Loop& loop, const std::filesystem::path& path) : loop_(loop), path_(path) {
    start();
  }

  void start() {
    service_ = *net::LineService::open(loop_, *this);
    listener_ = *net::UnixListener::open(loop_, path_, {}, [this](UniqueFd socket) {
      if (busy > 0) {
        --busy;
        std::string line;
        rpc::encode_error(
            line,
            "null",
            Error{.code = Errc::busy, .message = "too many", .info = R"({"retryAfterMs":5})"});
        line += '\n';
        REQUIRE(::send(socket.get(), line.data(), line.size(), 0) > 0);
      } else {
        REQUIRE(service_->open_session(std::move(socket)));
      }
    });
  }
  void stop() {
    held.clear();
    listener_.reset();
    service_.reset();
  }

  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override {
    ++lines;
    rpc::decode(line, incoming_);
    REQUIRE(incoming_.status);
    const rpc::Request& request = incoming_.requests.at(0);
    const std::string id(request.id);
    if (request.method == "echo") {
      answer.write([&](std::string& out) { rpc::encode_result(out, id, request.params); });
    } else if (request.method == "fail") {
      answer.write([&](std::string& out) {
        rpc::encode_error(out, id, Error{.code = Errc::not_found, .message = "no such thing"});
      });
    } else if (request.method == "hold") {
      held.emplace_back(id, std::move(answer));
    } else if (request.method == "hang_up") {
      session.close();
    } else if (request.method == "notify_me") {
      session.send(R"({"jsonrpc":"2.0","method":"event","params":{"seq":1}})");
      answer.write([&](std::string& out) { rpc::encode_result(out, id, "null"); });
    }
  }
  void on_oversize(net::LineSession&, net::Answer) override {}

  void release() {
    for (auto& [id, answer] : held) {
      const std::string text = id;
      answer.write([&](std::string& out) { rpc::encode_result(out, text, text); });
    }
    held.clear();
  }

  int busy = 0;  ///< connections from now on that are refused
  int lines = 0;
  std::deque<std::pair<std::string, net::Answer>> held;

 private:
  loop::Loop& loop_;
  std::filesystem::path path_;
  rpc::Incoming incoming_;
  std::unique_ptr<net::LineService> service_;
  std::unique_ptr<net::UnixListener> listener_;
};

/// A loop, a server and a client in one thread.
struct World {
  World() {
    std::string name = "/tmp/mb-client-XXXXXX";
    directory = mkdtemp(name.data());
    path = directory / "s";
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    client.reset();
    server.reset();
    loop.poll();
    std::filesystem::remove_all(directory);
  }
  void with_server() { server = std::make_unique<Server>(loop, path); }
  Client& connect_to() {
    client = *Client::open(loop, path, {.connect_timeout = Milliseconds(2'000)});
    return *client;
  }
  /// Runs the loop until the condition holds.
  void run_until(const std::function<bool()>& condition) {
    const auto end = Clock::now() + Milliseconds(10'000);
    while (!condition()) {
      REQUIRE(Clock::now() < end);
      if (step) step();
      if (loop.poll() == 0) usleep(200);
    }
  }
  /// Calls and waits for the answer.
  Result<std::string> call(std::string_view method,
                           std::string_view params = "{}",
                           const CallOptions& options = {}) {
    std::optional<Result<std::string>> answer;
    client->call(
        method, params, options, [&](Result<std::string> got) { answer = std::move(got); });
    CHECK_FALSE(answer);
    run_until([&] { return answer.has_value(); });
    return std::move(*answer);
  }

  std::function<void()> step;  ///< what else is to be done while the loop runs
  loop::Loop loop{"test"};
  std::filesystem::path directory;
  std::filesystem::path path;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
};

}  // namespace engine::client
