// What the client makes of a server that does not do as it should.
#include "client_world.hh"
#include "raw_server.hh"

namespace engine::client {
namespace {

struct RawWorld : World {
  explicit RawWorld(RawServer::OnLine on_line) {
    raw = std::make_unique<RawServer>(loop, path, std::move(on_line));
    step = [this] { raw->step(); };
    connect_to();
  }
  std::unique_ptr<RawServer> raw;
};

Errc code_of(const Result<std::string>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

}  // namespace

TEST_CASE("client: a server that closes in the middle of an answer") {
  RawWorld world([](auto& connection, const std::string& line) {
    connection.write(result_line(line, "\"abcdef\"").substr(0, 30));
    connection.close();
  });
  CHECK(code_of(world.call("write")) == Errc::outcome_unknown);
  CHECK(world.raw->lines == 1);
  CHECK(code_of(world.call("read", "{}", {.read_only = true})) == Errc::connection_lost);
  CHECK(world.raw->lines == 4);
}

TEST_CASE("client: a server that answers in the third attempt") {
  int attempts = 0;
  RawWorld world([&](auto& connection, const std::string& line) {
    if (++attempts < 3) return connection.close();
    connection.write(result_line(line, "7"));
  });
  CHECK(*world.call("query:any.thing.v1") == "7");
  CHECK(world.raw->accepted == 3);
}

TEST_CASE("client: an action with an idempotency key is sent again, as it was") {
  std::vector<std::string> seen;
  RawWorld world([&](auto& connection, const std::string& line) {
    seen.push_back(line);
    if (seen.size() == 1) return connection.close();
    connection.write(result_line(line, "true"));
  });
  const std::string key = make_idempotency_key();
  CHECK(key.size() == 32);
  CHECK(key != make_idempotency_key());
  CHECK(*world.call("write", R"({"a":1})", {.idempotency_key = key}) == "true");
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].find("\"idempotency_key\":\"" + key + "\"") != std::string::npos);
  const auto stem = [](const std::string& line) {
    return line.substr(0, line.find("deadline_ms"));
  };
  CHECK(stem(seen[0]) == stem(seen[1]));
}

TEST_CASE("client: a server that answers garbage is left at once") {
  for (const char* garbage :
       {"HTTP/1.1 400 Bad Request\r\n", "\xff\xfe\n", "{}\n", "[1]\n", "[[[\n"}) {
    CAPTURE(garbage);
    RawWorld world([&](auto& connection, const std::string&) { connection.write(garbage); });
    const auto failed = world.call("write");
    CHECK(code_of(failed) == Errc::outcome_unknown);
    CHECK(failed.error().message.find("response") != std::string::npos);
    CHECK_FALSE(world.client->connected());
  }
}

TEST_CASE("client: a late answer goes nowhere, and not to the next call") {
  std::string late;
  RawWorld world([&](auto& connection, const std::string& line) {
    if (late.empty()) {
      late = result_line(line, "\"late\"");
      return;
    }
    connection.write(late + result_line(line, "\"mine\""));
  });
  CHECK(code_of(world.call("slow", "{}", {.timeout = Milliseconds(300)})) == Errc::timeout);
  CHECK(*world.call("next") == "\"mine\"");
}

TEST_CASE("client: a server that answers twice, and for others") {
  RawWorld world([](auto& connection, const std::string& line) {
    connection.write(R"({"id":999,"result":1})"
                     "\n"
                     R"({"id":"x","result":1})"
                     "\n");
    connection.write(result_line(line, "1") + result_line(line, "2"));
  });
  CHECK(*world.call("a") == "1");
  CHECK(*world.call("b") == "1");
  CHECK(world.client->pending() == 0);
}

TEST_CASE("client: a flood of notifications does not drown an answer") {
  int told = 0;
  RawWorld world([](auto& connection, const std::string& line) {
    std::string flood;
    for (int i = 0; i < 1'000; ++i)
      flood += R"({"method":"noise","params":{}})"
               "\n";
    connection.write(flood + result_line(line, "1"));
  });
  world.client->on_notification([&](auto, auto) { ++told; });
  CHECK(*world.call("a") == "1");
  CHECK(told == 1'000);
}

TEST_CASE("client: a line without end is cut off at the limit") {
  RawWorld world(
      [](auto& connection, const std::string&) { connection.write(std::string(100'000, 'x')); });
  world.client = *Client::open(world.loop, world.path, {.response_limit = 10'000});
  const auto failed = world.call("a", "{}", {.read_only = true});
  CHECK(code_of(failed) == Errc::deserialization);
}

TEST_CASE("client: comes back to a busy server when that said so") {
  int attempts = 0;
  std::string wait = "30";
  RawWorld world([&](auto& connection, const std::string& line) {
    if (++attempts == 2) return connection.write(result_line(line, "\"done\""));
    connection.write(R"({"error":{"code":37,"message":"m","data":{"kind":"rate_limited",)"
                     R"("details":"too many","info":{"retryAfterMs":)" +
                     wait + R"(}}},"id":)" + id_of(line) + "}\n");
  });
  const auto begun = Clock::now();
  CHECK(*world.call("write") == "\"done\"");
  CHECK(Clock::now() - begun >= Milliseconds(30));
  attempts = 2;  // from now on it is always busy
  const auto again = Clock::now();
  CHECK(code_of(world.call("write")) == Errc::rate_limited);
  CHECK(attempts == 5);
  CHECK(Clock::now() - again >= Milliseconds(30 + 60));
  wait = "60000";
  CHECK(code_of(world.call("write", "{}", {.timeout = Milliseconds(5'000)})) == Errc::rate_limited);
}

TEST_CASE("client: tells the server what is left of the time, the language and the trace") {
  std::string seen;
  RawWorld world([&](auto& connection, const std::string& line) {
    seen = line;
    connection.write(result_line(line, "1"));
  });
  world.client = *Client::open(world.loop, world.path, {.locale = "de_DE"});
  REQUIRE(world.call("a", "{}", {.timeout = Milliseconds(1'234), .trace = "t1"}));
  CHECK(seen.find(R"("locale":"de_DE","trace":"t1","id":1,"deadline_ms":)") != std::string::npos);
  const int deadline = std::stoi(seen.substr(seen.find("deadline_ms") + 13));
  CHECK(deadline <= 1'234);
  CHECK(deadline > 0);
  REQUIRE(world.call("a", "{}", {.locale = "fr_FR"}));
  CHECK(seen.find(R"("locale":"fr_FR")") != std::string::npos);
}

TEST_CASE("client: waits for a server that restarts, but not for ever") {
  World world;
  world.with_server();
  world.client = *Client::open(world.loop, world.path, {.connect_timeout = Milliseconds(1'500)});
  std::optional<Result<std::string>> answer;
  const auto note = [&](Result<std::string> got) { answer = std::move(got); };
  world.client->call("hold", "{}", {.read_only = true}, note);
  world.run_until([&] { return world.server->held.size() == 1; });
  world.server->stop();
  world.run_until([&] { return !world.client->connected(); });
  CHECK_FALSE(answer);
  world.server->start();
  world.run_until([&] { return world.server->held.size() == 1; });
  world.server->release();
  world.run_until([&] { return answer.has_value(); });
  CHECK(answer->has_value());
  answer.reset();
  world.client->call("hold", "{}", {.read_only = true}, note);
  world.run_until([&] { return world.server->held.size() == 1; });
  world.server->stop();
  world.run_until([&] { return answer.has_value(); });
  CHECK(code_of(*answer) == Errc::daemon_not_running);
}

TEST_CASE("client: a call that comes while the server restarts waits, too, for so long") {
  World world;
  world.with_server();
  world.client = *Client::open(world.loop, world.path, {.connect_timeout = Milliseconds(1'500)});
  CHECK(world.call("echo"));
  world.server->stop();
  world.run_until([&] { return !world.client->connected(); });
  std::optional<Result<std::string>> answer;
  const auto note = [&](Result<std::string> got) { answer = std::move(got); };
  world.client->call("echo", "7", {}, note);
  for (int i = 0; i < 10; ++i)
    world.loop.poll();
  CHECK_FALSE(answer);
  world.server->start();
  world.run_until([&] { return answer.has_value(); });
  CHECK(**answer == "7");
  world.server->stop();
  world.run_until([&] { return !world.client->connected(); });
  CHECK(code_of(world.call("echo")) == Errc::daemon_not_running);
}

}  // namespace engine::client
