#include "client_world.hh"

#include <algorithm>

namespace engine::client {
namespace {

/// A JSON string of this many letters.
std::string quoted(std::size_t letters) {
  std::string text(letters + 2, 'x');
  text.front() = text.back() = '"';
  return text;
}

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

TEST_CASE("client: sends a read-only call three times, not for ever") {
  World world;
  world.with_server();
  world.connect_to();
  const auto failed = world.call("hang_up", "{}", {.read_only = true});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::connection_lost);
  CHECK(world.server->lines == 3);
}

TEST_CASE("client: repeats a call of which nothing was written") {
  World world;
  world.with_server();
  Client& client = world.connect_to();
  CHECK(world.call("echo"));
  // A line too big for the socket keeps the one behind it in the process.
  std::vector<std::string> answers;
  const std::string big = quoted(4'000'000);
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
  world.server->busy = 1'000;
  world.connect_to();
  const auto failed = world.call("echo");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::busy);
  CHECK(world.server->busy == 997);  // asked three times, and not once meanwhile
}

TEST_CASE("client: comes back to a server that had too many connections") {
  World world;
  world.with_server();
  world.server->busy = 2;
  world.connect_to();
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    world.client->call("echo", fmt::format("[{}]", i), {}, [&](Result<std::string> got) {
      answers.push_back(got ? *got : got.error().message);
    });
  }
  world.run_until([&] { return answers.size() == 3; });
  std::ranges::sort(answers);
  CHECK(answers == std::vector<std::string>{"[0]", "[1]", "[2]"});
}

TEST_CASE("client: refuses a request over the limit by itself") {
  World world;
  world.with_server();
  world.connect_to();
  const auto failed = world.call("echo", quoted(17'000'000));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::request_too_large);
  CHECK(world.call("echo", quoted(15'000'000))->size() == 15'000'002);
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

}  // namespace engine::client
