#pragma once

#include "loop/loop.hh"

#include <catch2/catch.hpp>

#include <functional>

namespace test {

/// Runs the loop until `condition` holds; fails the test past the deadline.
inline void run_until(engine::loop::Loop& loop, const std::function<bool()>& condition) {
  const auto end = engine::Clock::now() + engine::Milliseconds(10'000);
  while (!condition()) {
    REQUIRE(engine::Clock::now() < end);
    if (loop.poll() > 0) continue;
    engine::loop::Timer tick(loop);
    tick.start(engine::Milliseconds(1), [&loop] { loop.stop(); });
    loop.run();
  }
}

}  // namespace test
