#include "app/daemon/continuations.hh"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

namespace engine::app {
namespace {

/// What opens a stream; `alive` tells whether it is still kept.
bindings::ContinuationHost::OpenSocket opener(const std::shared_ptr<int>& alive) {
  return [alive](const std::shared_ptr<bindings::SocketStream>&) {};
}

Errc refused(const Result<std::string>& reserved) {
  REQUIRE_FALSE(reserved);
  return reserved.error().code;
}

}  // namespace

TEST_CASE("continuations: reservations are bounded, of all and of each session", "[app]") {
  Continuations table({.total = 5, .per_session = 2});
  const auto alive = std::make_shared<int>();
  const auto of = [&](const std::string& session) {
    return table.reserve_socket(session, opener(alive));
  };
  const std::string first = of("a").value();
  CHECK(table.reserve_body("a", "GET", {}));
  CHECK(refused(of("a")) == Errc::busy);
  CHECK(refused(table.reserve_body("a", "GET", {})) == Errc::busy);

  // Those of no session have only the bound of all.
  CHECK(of("b"));
  CHECK(of(""));
  CHECK(of(""));
  CHECK(refused(of("")) == Errc::busy);
  CHECK(refused(of("c")) == Errc::busy);
  CHECK(alive.use_count() == 1 + 4);

  // Room comes back with a reservation whose time is over, and with a session that ends.
  CHECK(table.remove(first));
  CHECK_FALSE(table.remove(first));
  CHECK(of("a"));
  CHECK(table.kill_session("a") == 2);
  CHECK(table.kill_session("a") == 0);
  CHECK(of("a"));
  CHECK(of("a"));
  CHECK(refused(of("c")) == Errc::busy);

  table.clear();
  CHECK(alive.use_count() == 1);
  CHECK(of("c"));
}

}  // namespace engine::app
