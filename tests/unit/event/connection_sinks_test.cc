#include "event/connection_sinks.hh"

#include "event/log_ring.hh"
#include "json/reader.hh"

#include <catch2/catch.hpp>

#include <thread>

using engine::Errc;
using engine::Milliseconds;
using engine::event::Channel;
using engine::event::LagPolicy;
using engine::event::PushingSinks;
using engine::event::Ring;
using Pumped = PushingSinks::Pumped;

namespace {

/// Rings with sinks whose wakes are kept, and a connection with room for so many lines.
struct Fixture {
  Ring events;
  Ring logs;
  std::vector<std::uint64_t> woken;
  std::vector<Milliseconds> pauses;
  PushingSinks sinks{{events, logs},
                     [this](std::uint64_t id) { woken.push_back(id); },
                     [this](std::uint64_t, Milliseconds delay) { pauses.push_back(delay); }};
};

struct Lines final : PushingSinks::Outlet {
  bool push(std::string_view head, std::string_view tail) override {
    if (lines.size() == room) return false;
    lines.push_back(std::string(head) + std::string(tail));
    return true;
  }
  std::vector<std::string> lines;
  std::size_t room = 10'000;
};

}  // namespace

TEST_CASE("event/connection_sinks: writes notifications that name the subscription") {
  Fixture with;
  Lines out;
  with.events.publish({.type = "early"});
  const auto made = *with.sinks.subscribe(7, Channel::events, {}, {.replay_last = 10});
  CHECK(made.replayed == 1);
  CHECK(with.woken == std::vector<std::uint64_t>{7});
  CHECK(with.sinks.pump(7, out) == Pumped::idle);
  with.events.publish({.type = "late"});
  CHECK(with.woken == std::vector<std::uint64_t>{7, 7});
  CHECK(with.sinks.pump(7, out) == Pumped::idle);
  REQUIRE(out.lines.size() == 2);
  const std::string head = R"({"jsonrpc":"2.0","method":"event","params":{"sub":)" +
                           std::to_string(made.sub) + R"(,"seq":2,"event":{"ts":")";
  CHECK(out.lines[1].starts_with(head));
  CHECK(engine::json::parse(out.lines[1]));
  CHECK_FALSE(with.sinks.unsubscribe(8, made.sub));
  CHECK(with.sinks.unsubscribe(7, made.sub));
  CHECK_FALSE(with.sinks.unsubscribe(7, made.sub));
  with.events.publish({});
  CHECK(with.sinks.pump(7, out) == Pumped::idle);
  CHECK(out.lines.size() == 2);
}

TEST_CASE(
    "event/connection_sinks: a full connection goes on where it stopped and hears of its loss") {
  Fixture with;
  Lines out;
  out.room = 5;
  REQUIRE(with.sinks.subscribe(1, Channel::events, {}, {.buffer = 64}));
  for (int i = 0; i < 10; ++i)
    with.events.publish({});
  CHECK(with.sinks.pump(1, out) == Pumped::full);
  CHECK(with.sinks.pump(1, out) == Pumped::full);
  out.room = 1'000;
  for (int i = 0; i < 100; ++i)
    with.events.publish({});
  CHECK(with.sinks.pump(1, out) == Pumped::idle);
  // 10 were taken before, 64 may wait.
  REQUIRE(out.lines.size() == 10 + 1 + 64);
  const auto lagged = *engine::json::parse(out.lines[10]);
  CHECK(lagged.string_or("method", "") == "lagged");
  CHECK(*lagged.find("params") ==
        *engine::json::parse(R"({"sub":1,"dropped":36,"fromSeq":11,"toSeq":46})"));
  CHECK(out.lines[11].find(R"("seq":47,)") != std::string::npos);
}

TEST_CASE("event/connection_sinks: one connection does not keep others from their turn") {
  Fixture with;
  Lines out;
  REQUIRE(with.sinks.subscribe(1, Channel::events, {}, {.buffer = 16'384}));
  for (int i = 0; i < 1'000; ++i)
    with.events.publish({});
  CHECK(with.sinks.pump(1, out) == Pumped::more);
  CHECK(out.lines.size() < 600);
  CHECK(with.sinks.pump(1, out) == Pumped::idle);
  CHECK(out.lines.size() == 1'000);
}

TEST_CASE("event/connection_sinks: a reader that wants few a second is told what it did not get") {
  Fixture with;
  Lines out;
  with.events.publish({.type = "early"});
  REQUIRE(with.sinks.subscribe(
      1, Channel::events, {}, {.replay_last = 1, .buffer = 64, .max_rate = 20}));
  for (int i = 0; i < 100; ++i)
    with.events.publish({});
  // What is replayed does not count; then a tenth of a second's worth may go at once.
  CHECK(with.sinks.pump(1, out) == Pumped::idle);
  REQUIRE(out.lines.size() == 1 + 1 + 2);
  CHECK(*engine::json::parse(out.lines[1])->find("params") ==
        *engine::json::parse(R"({"sub":1,"dropped":36,"fromSeq":2,"toSeq":37})"));
  REQUIRE(with.pauses.size() == 1);
  CHECK(with.pauses[0] > Milliseconds(0));
  CHECK(with.pauses[0] <= Milliseconds(50));
  // Asked again too early: nothing more, and no second wake is asked for.
  const auto woken = with.woken.size();
  with.sinks.pump(1, out);
  CHECK(with.pauses.size() <= 2);
  with.events.publish({});
  CHECK(with.woken.size() == woken);
  std::this_thread::sleep_for(with.pauses[0]);
  with.sinks.pump(1, out);
  CHECK(out.lines.size() >= 5);
  CHECK(out.lines.size() < 50);
}

TEST_CASE("event/connection_sinks: of things that change fast, a reader of few gets the newest") {
  Fixture with;
  Lines out;
  REQUIRE(
      with.sinks.subscribe(1, Channel::events, {}, {.policy = LagPolicy::coalesce, .max_rate = 1}));
  with.events.publish({.job = "a", .data = "0"});
  with.sinks.pump(1, out);
  REQUIRE(out.lines.size() == 1);
  for (int i = 1; i <= 1'000; ++i)
    with.events.publish({.job = "a", .data = std::to_string(i)});
  with.sinks.pump(1, out);
  if (out.lines.size() == 1) {  // not where publishing so much has taken the second
    REQUIRE_FALSE(with.pauses.empty());
    std::this_thread::sleep_for(with.pauses.back());
    with.sinks.pump(1, out);
  }
  REQUIRE(out.lines.size() == 2);
  CHECK(out.lines[1].find(R"("data":1000})") != std::string::npos);
}

TEST_CASE("event/connection_sinks: a disconnecting subscription says so and ends") {
  Fixture with;
  Lines out;
  REQUIRE(with.sinks.subscribe(
      1, Channel::events, {}, {.policy = LagPolicy::disconnect, .buffer = 64}));
  for (int i = 0; i < 100; ++i)
    with.events.publish({});
  CHECK(with.sinks.pump(1, out) == Pumped::over);
  CHECK(
      out.lines ==
      std::vector<std::string>{
          R"({"jsonrpc":"2.0","method":"end","params":{"sub":1,"reason":"lagged","dropped":100,"fromSeq":1,"toSeq":100}})"});
}

TEST_CASE(
    "event/connection_sinks: who took nothing for too long hears what that cost, and no more") {
  Fixture with;
  Lines out;
  out.room = 5;
  REQUIRE(with.sinks.subscribe(1, Channel::events, {.types = {"a"}}, {.buffer = 64}));
  REQUIRE(
      with.sinks.subscribe(1, Channel::events, {.types = {"b"}}, {.policy = LagPolicy::coalesce}));
  for (int i = 0; i < 10; ++i)
    with.events.publish({.type = "a"});
  CHECK(with.sinks.pump(1, out) == Pumped::full);
  with.sinks.stall(1);
  for (int i = 0; i < 20'000; ++i)
    with.events.publish({.type = "a"});
  for (int i = 0; i < 10; ++i)
    with.events.publish({.type = "b", .key = i % 2 == 0 ? "x" : "y"});
  CHECK(with.sinks.pump(1, out) == Pumped::full);
  CHECK(out.lines.size() == 5);
  out.room = 1'000;
  CHECK(with.sinks.pump(1, out) == Pumped::over);
  REQUIRE(out.lines.size() == 5 + 2);
  const auto params = [&](std::size_t at) {
    return *engine::json::parse(out.lines[at])->find("params");
  };
  CHECK(params(5) ==
        *engine::json::parse(
            R"({"sub":1,"reason":"stalled","dropped":20005,"fromSeq":6,"toSeq":20020})"));
  CHECK(params(6).string_or("reason", "") == "stalled");
  CHECK(params(6).integer_or("dropped", 0) == 2);
  CHECK(with.events.subscriptions() == 0);
}

TEST_CASE("event/connection_sinks: a closed connection leaves nothing behind") {
  Fixture with;
  for (std::size_t i = 0; i < PushingSinks::kMostPerConnection; ++i)
    REQUIRE(with.sinks.subscribe(1, i % 2 == 0 ? Channel::events : Channel::logs, {}, {}));
  CHECK(with.sinks.subscribe(1, Channel::events, {}, {}).error().code == Errc::busy);
  REQUIRE(with.sinks.subscribe(2, Channel::events, {}, {}));
  CHECK(with.sinks.connections() == 2);
  with.sinks.drop(1);
  CHECK(with.events.subscriptions() == 1);
  CHECK(with.logs.subscriptions() == 0);
  CHECK(with.sinks.subscribe(1, Channel::events, {}, {}));
  with.sinks.drop(1);
  with.sinks.drop(2);
  CHECK(with.sinks.connections() == 0);
  CHECK(with.events.subscriptions() == 0);
}

TEST_CASE("event/log_ring: long lines are split between characters, what is no text is replaced") {
  Ring ring;
  std::string message(engine::event::kLongestLine - 1, 'a');
  message += "é";
  message += std::string(100, 'b');
  engine::event::publish_line(ring, engine::log::Level::warn, "service.hello", message);
  engine::event::publish_line(ring, engine::log::Level::info, "x", "bad \xff byte", {});
  const auto page = ring.last({}, 10);
  REQUIRE(page.records.size() == 3);
  const auto first = *engine::json::parse(page.records[0]->text());
  const auto second = *engine::json::parse(page.records[1]->text());
  CHECK(first.string_or("package", "") == "hello");
  CHECK(first.find("data")->string_or("message", "") +
            second.find("data")->string_or("message", "") ==
        message);
  CHECK(*second.find("data")->find("part") == engine::json::Value(2));
  CHECK(*second.find("data")->find("parts") == engine::json::Value(2));
  const auto bad = *engine::json::parse(page.records[2]->text());
  CHECK(bad.find("data")->string_or("message", "") == "bad \xEF\xBF\xBD byte");
}
