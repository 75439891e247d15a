#include "app/daemon/idempotency.hh"

#include <catch2/catch.hpp>

#include <string>

namespace engine::app {
namespace {

/// A table, a loop, and what callers were told.
struct World {
  explicit World(IdempotencyLimits limits = {}) : table(limits) { caller.peer = {.uid = 7}; }

  /// Admits a call under `key`; its reply adds "name=result" to `told`.
  std::optional<Reply> call(const std::string& name,
                            std::string_view key,
                            std::string_view params = "{}",
                            std::string_view method = "m") {
    auto admitted = table.admit(
        caller, key, method, params, loop, [this, name](Result<std::string> result, ResponseHead) {
          told += name + '=' +
                  (result ? *result : std::string(errc_info(result.error().code).kind)) + ' ';
        });
    if (!admitted) return std::nullopt;
    if (!admitted->repeat) return std::move(admitted->reply);
    admitted->reply(gate, {});
    return std::nullopt;
  }
  std::string take_told() { return std::exchange(told, {}); }

  IdempotencyTable table;
  Caller caller;
  Result<std::string> gate = "null";  ///< what the middleware says to repeats
  loop::Loop loop{"test"};
  std::string told;
};

std::unique_ptr<const HttpFacts> http_with(std::string cookie,
                                           std::optional<std::size_t> signed_size = {}) {
  auto facts = std::make_unique<HttpFacts>();
  facts->body_size = signed_size;
  facts->headers.emplace_back("cookie", std::move(cookie));
  return facts;
}

}  // namespace

TEST_CASE("idempotency: a repeat gets the first result") {
  World world;
  auto first = world.call("first", "k");
  REQUIRE(first);
  (*first)("7", {});
  CHECK_FALSE(world.call("again", "k"));
  CHECK(world.take_told() == "first=7 again=7 ");
  CHECK(world.call("other", "k2"));
}

TEST_CASE("idempotency: a repeat gets nothing when its session has ended") {
  World world;
  auto first = world.call("first", "k");
  world.gate = fail(Errc::authorization, "m");
  CHECK_FALSE(world.call("early", "k"));
  (*first)("7", {});
  CHECK_FALSE(world.call("late", "k"));
  world.gate = "null";
  CHECK_FALSE(world.call("again", "k"));
  CHECK(world.take_told() == "early=authorization first=7 late=authorization again=7 ");
}

TEST_CASE("idempotency: a failure is a result too, a refusal is none") {
  World world;
  (*world.call("a", "k1"))(fail(Errc::not_found, "m"), {});
  CHECK_FALSE(world.call("b", "k1"));
  (*world.call("c", "k2"))(fail(Errc::rate_limited, "m"), {});
  CHECK(world.take_told() == "a=not_found b=not_found c=rate_limited ");
  CHECK(world.call("d", "k2"));
  (*world.call("c", "k4"))(fail(Errc::authorization, "m"), {});
  CHECK(world.call("d", "k4"));
  { const auto dropped = world.call("e", "k3"); }
  CHECK(world.call("f", "k3"));
}

TEST_CASE("idempotency: a repeat waits for the first one while it runs") {
  World world;
  auto first = world.call("first", "k");
  CHECK_FALSE(world.call("second", "k"));
  CHECK_FALSE(world.call("third", "k"));
  CHECK(world.told.empty());
  (*first)("1", {});
  CHECK(world.take_told() == "first=1 ");
  world.loop.poll();
  CHECK(world.take_told() == "second=1 third=1 ");
}

TEST_CASE("idempotency: another call under the same key is refused") {
  World world;
  auto first = world.call("first", "k", R"({"a":1})");
  CHECK_FALSE(world.call("params", "k", R"({"a":2})"));
  CHECK_FALSE(world.call("method", "k", R"({"a":1})", "n"));
  CHECK_FALSE(world.call("long", std::string(65, 'k')));
  CHECK(world.take_told() == "params=invalid_request method=invalid_request long=invalid_request ");
}

TEST_CASE("idempotency: keys belong to their caller") {
  World world;
  (*world.call("mine", "k"))("1", {});
  world.caller.peer = {.uid = 8};
  CHECK(world.call("other user", "k"));
  world.caller.peer.reset();
  world.caller.connection = 5;
  (*world.call("connection", "k"))("2", {});
  world.caller.connection = 6;
  CHECK(world.call("other connection", "k"));
  world.caller.http = http_with("session=1");
  (*world.call("session", "k"))("3", {});
  world.caller.connection = 7;
  CHECK_FALSE(world.call("same session", "k"));
  CHECK(world.told.ends_with("same session=3 "));
  world.caller.http = http_with("session=2");
  CHECK(world.call("other session", "k"));
  world.caller.http = http_with("session=1", 2);
  CHECK(world.call("signed, with the same cookie", "k"));
}

TEST_CASE("idempotency: forgets after its time") {
  World world({.keep = Milliseconds(0)});
  (*world.call("a", "k"))("1", {});
  CHECK(world.call("b", "k"));
}

TEST_CASE("idempotency: its memory is bounded, and a call once done is not done again") {
  World world({.calls = 10, .bytes = 100, .result = 60});
  (*world.call("long", "long"))(std::string(61, 'x'), {});
  CHECK(world.table.bytes() == 0);
  world.told.clear();
  CHECK_FALSE(world.call("again", "long"));
  CHECK(world.take_told() == "again=conflict ");
  for (int i = 0; i < 3; ++i)
    (*world.call("a", "a" + std::to_string(i)))(std::string(50, 'x'), {});
  CHECK(world.table.bytes() == 100);
  world.told.clear();
  CHECK_FALSE(world.call("oldest", "a0"));
  CHECK(world.take_told() == "oldest=conflict ");
  const auto running = world.call("running", "running");
  for (int i = 0; i < 50; ++i)
    (*world.call("b", "b" + std::to_string(i)))("1", {});
  CHECK(world.table.size() <= 11);
  CHECK_FALSE(world.call("joins", "running"));
}

}  // namespace engine::app
