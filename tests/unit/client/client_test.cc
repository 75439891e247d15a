#include "client/client.hh"

#include "net/line_service.hh"
#include "net/unix_listener.hh"
#include "rpc/encode.hh"
#include "rpc/request.hh"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>

namespace net = engine::net;
namespace rpc = engine::rpc;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;
using engine::client::CallOptions;
using engine::client::Client;
using engine::loop::Loop;

namespace {

/// "echo" gives its params; "hold" waits for `release`; "hang_up" closes; "fail" fails.
class Server final : public net::LineHandler {
 public:
  Server(Loop& loop, const std::filesystem::path& path) : loop_(loop), path_(path) { start(); }

  void start() {
    service_ = *net::LineService::open(loop_, *this);
    listener_ = *net::UnixListener::open(loop_, path_, {}, [this](engine::UniqueFd socket) {
      if (busy) {
        std::string line;
        rpc::encode_error(line, "null", Error{.code = Errc::busy, .message = "too many"});
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

  bool busy = false;
  int lines = 0;
  std::deque<std::pair<std::string, net::Answer>> held;

 private:
  Loop& loop_;
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
    const auto end = engine::Clock::now() + Milliseconds(10'000);
    while (!condition()) {
      REQUIRE(engine::Clock::now() < end);
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

  Loop loop{"test"};
  std::filesystem::path directory;
  std::filesystem::path path;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;
};

}  // namespace

TEST_CASE("client: gives results and errors as the server sent them") {
  World world;
  world.with_server();
  world.connect_to();
  CHECK(*world.call("echo", R"({"b":1,"a":[null]})") == R"({"b":1,"a":[null]})");
  const auto failed = world.call("fail");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::not_found);
  CHECK(failed.error().message == "no such thing");
  CHECK(world.client->pending() == 0);
}

TEST_CASE("client: many calls at once, answered in another order") {
  World world;
  world.with_server();
  Client& client = world.connect_to();
  std::vector<std::string> answers;
  client.call("hold", "{}", {}, [&](auto got) { answers.push_back("1:" + *got); });
  client.call("echo", "[2]", {}, [&](auto got) { answers.push_back("2:" + *got); });
  client.call("hold", "{}", {}, [&](auto got) { answers.push_back("3:" + *got); });
  world.run_until([&] { return answers.size() == 1 && world.server->held.size() == 2; });
  world.server->release();
  world.run_until([&] { return answers.size() == 3; });
  CHECK(answers == std::vector<std::string>{"2:[2]", "1:1", "3:3"});
}

TEST_CASE("client: says when no daemon runs, and what to do") {
  World world;
  world.connect_to();
  const auto failed = world.call("echo");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::daemon_not_running);
  CHECK(failed.error().hint == "moon-cli daemon start");
  std::optional<Result<>> connected;
  world.client->connect([&](Result<> result) { connected = result; });
  world.run_until([&] { return connected.has_value(); });
  CHECK(connected->error().code == Errc::daemon_not_running);
}

TEST_CASE("client: says when the socket is not for us") {
  if (geteuid() != 0) return;
  World world;
  world.with_server();
  world.connect_to();
  std::filesystem::permissions(world.directory, std::filesystem::perms::all);
  std::filesystem::permissions(world.path, std::filesystem::perms::owner_all);
  REQUIRE(seteuid(65'534) == 0);
  const auto failed = world.call("echo");
  REQUIRE(seteuid(0) == 0);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::permission_denied);
}

TEST_CASE("client: a call without an answer times out, a late answer goes nowhere") {
  World world;
  world.with_server();
  world.connect_to();
  const auto failed = world.call("hold", "{}", {.timeout = Milliseconds(20)});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::timeout);
  world.server->release();
  CHECK(world.call("echo", "1"));
}

TEST_CASE("client: connects again after the daemon came back") {
  World world;
  world.with_server();
  world.connect_to();
  CHECK(world.call("echo"));
  world.server->stop();
  world.run_until([&] { return !world.client->connected(); });
  world.server->start();
  CHECK(world.call("echo"));
}

TEST_CASE("client: never repeats a call that may have been carried out") {
  World world;
  world.with_server();
  world.connect_to();
  const auto failed = world.call("hang_up");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::outcome_unknown);
  CHECK(world.server->lines == 1);
}

TEST_CASE("client: repeats a read-only call, but not for ever") {
  World world;
  world.with_server();
  world.connect_to();
  const auto failed = world.call("hang_up", "{}", {.read_only = true});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::connection_lost);
  CHECK(world.server->lines == 4);
}

TEST_CASE("client: repeats a call of which nothing was written") {
  World world;
  world.with_server();
  Client& client = world.connect_to();
  CHECK(world.call("echo"));
  // A line too big for the socket keeps the one behind it in the process.
  std::vector<std::string> answers;
  const std::string big = '"' + std::string(4'000'000, 'x') + '"';
  const auto note = [&](Result<std::string> got) {
    answers.push_back(got ? "ok" : std::string(engine::errc_info(got.error().code).kind));
  };
  client.call("echo", big, {}, note);
  client.call("echo", "{}", {}, note);
  client.call("hang_up", "{}", {}, note);
  world.server->stop();
  world.server->start();
  world.run_until([&] { return answers.size() >= 2; });
  world.run_until([&] { return client.pending() == 0; });
  CHECK(std::count(answers.begin(), answers.end(), "outcome_unknown") <= 2);
  CHECK(std::count(answers.begin(), answers.end(), "ok") >= 1);
}

TEST_CASE("client: hands notifications on") {
  World world;
  world.with_server();
  Client& client = world.connect_to();
  std::string seen;
  client.on_notification([&](std::string_view method, std::string_view params) {
    seen = fmt::format("{} {}", method, params);
  });
  CHECK(*world.call("notify_me") == "null");
  CHECK(seen == R"(event {"seq":1})");
}

TEST_CASE("client: an error about the connection fails what waits on it") {
  World world;
  world.with_server();
  world.server->busy = true;
  world.connect_to();
  const auto failed = world.call("echo");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::busy);
}

TEST_CASE("client: refuses a request over the limit by itself") {
  World world;
  world.with_server();
  world.connect_to();
  const auto failed = world.call("echo", '"' + std::string(17'000'000, 'x') + '"');
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::request_too_large);
  CHECK(world.call("echo", '"' + std::string(15'000'000, 'x') + '"')->size() == 15'000'002);
}

TEST_CASE("client: close fails what is under way") {
  World world;
  world.with_server();
  Client& client = world.connect_to();
  std::optional<Errc> code;
  client.call("hold", "{}", {}, [&](auto got) { code = got.error().code; });
  world.run_until([&] { return world.server->held.size() == 1; });
  client.close();
  CHECK_FALSE(code);
  world.run_until([&] { return code.has_value(); });
  CHECK(*code == Errc::closed);
  CHECK(world.call("echo").error().code == Errc::closed);
}

TEST_CASE("client: may be destroyed from its own callbacks") {
  World world;
  world.with_server();
  Client& client = world.connect_to();
  bool other = false;
  client.call("hold", "{}", {}, [&](auto) { other = true; });
  bool answered = false;
  client.call("echo", "{}", {}, [&](auto) {
    answered = true;
    world.client.reset();
  });
  world.run_until([&] { return answered; });
  world.server->release();
  for (int i = 0; i < 10; ++i)
    world.loop.poll();
  CHECK_FALSE(other);
}
