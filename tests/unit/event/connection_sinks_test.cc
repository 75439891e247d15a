#include "event/connection_sinks.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::event::PushingSinks;
using engine::event::Ring;

TEST_CASE("event/connection_sinks: pushes notifications that name the subscription") {
  Ring ring;
  std::vector<std::pair<std::uint64_t, std::string>> pushed;
  PushingSinks sinks(ring, [&](std::uint64_t connection, const auto& line) {
    pushed.emplace_back(connection, *line);
  });
  ring.publish({.type = "early"});
  const auto made = *sinks.subscribe(7, {}, {.replay_last = 10});
  ring.publish({.type = "late"});
  REQUIRE(pushed.size() == 2);
  const std::string head = R"({"jsonrpc":"2.0","method":"event","params":{"sub":)" +
                           std::to_string(made.id) + R"(,"seq":2,"event":{"ts":")";
  CHECK(pushed[1].first == 7);
  CHECK(pushed[1].second.starts_with(head));
  CHECK_FALSE(sinks.unsubscribe(8, made.id));
  CHECK(sinks.unsubscribe(7, made.id));
  CHECK_FALSE(sinks.unsubscribe(7, made.id));
  ring.publish({});
  CHECK(pushed.size() == 2);
}

TEST_CASE("event/connection_sinks: a closed connection leaves nothing behind") {
  Ring ring;
  {
    PushingSinks sinks(ring, [](std::uint64_t, const auto&) {});
    for (std::size_t i = 0; i < PushingSinks::kMostPerConnection; ++i)
      REQUIRE(sinks.subscribe(1, {}, {}));
    CHECK(sinks.subscribe(1, {}, {}).error().code == Errc::busy);
    REQUIRE(sinks.subscribe(2, {}, {}));
    sinks.drop(1);
    CHECK(ring.subscriptions() == 1);
    CHECK(sinks.subscribe(1, {}, {}));
  }
  CHECK(ring.subscriptions() == 0);
}
