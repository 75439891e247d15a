#include "loop/loop.hh"

#include "loop/fd_watch.hh"

#include "run_until.hh"
#include <signal.h>
#include <unistd.h>

#include <array>
#include <thread>

using engine::Clock;
using engine::Milliseconds;
using engine::UniqueFd;
using engine::loop::FdWatch;
using engine::loop::Loop;
using engine::loop::SignalWatch;
using engine::loop::Timer;
using test::run_until;

TEST_CASE("loop/loop: posted work runs later, in order, on the loop's thread") {
  Loop loop("test");
  std::vector<int> order;
  loop.post([&] {
    order.push_back(1);
    loop.post([&] { order.push_back(3); });
    order.push_back(2);
  });
  CHECK(order.empty());
  loop.poll();
  CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("loop/loop: takes work from other threads and stops from them") {
  Loop loop("test");
  int count = 0;
  std::thread other([&] {
    for (int i = 0; i < 1'000; ++i)
      loop.post([&] { ++count; });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
  CHECK(count == 1'000);
}

TEST_CASE("loop/loop: work that never ran is destroyed with the loop") {
  const auto held = std::make_shared<int>(1);
  {
    Loop loop("test");
    loop.post([held] {});
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("loop/timer: fires once, not before its time") {
  Loop loop("test");
  Timer timer(loop);
  int fired = 0;
  const auto begin = Clock::now();
  timer.start(Milliseconds(20), [&] { ++fired; });
  run_until(loop, [&] { return fired > 0; });
  CHECK(Clock::now() - begin >= Milliseconds(20));
  loop.poll();
  CHECK(fired == 1);
}

TEST_CASE("loop/timer: cancelling, restarting and destroying all silence it") {
  Loop loop("test");
  bool cancelled_fired = false;
  bool replaced_fired = false;
  bool destroyed_fired = false;
  bool last = false;
  Timer cancelled(loop);
  cancelled.start(Milliseconds(0), [&] { cancelled_fired = true; });
  Timer replaced(loop);
  replaced.start(Milliseconds(0), [&] { replaced_fired = true; });
  auto destroyed = std::make_unique<Timer>(loop);
  destroyed->start(Milliseconds(0), [&] { destroyed_fired = true; });
  usleep(2'000);  // all three are due now
  cancelled.cancel();
  replaced.start(Milliseconds(5), [&] { last = true; });
  destroyed.reset();
  run_until(loop, [&] { return last; });
  CHECK_FALSE(cancelled_fired);
  CHECK_FALSE(replaced_fired);
  CHECK_FALSE(destroyed_fired);
}

TEST_CASE("loop/timer: may be restarted and destroyed from its own call") {
  Loop loop("test");
  auto timer = std::make_unique<Timer>(loop);
  int fired = 0;
  timer->start(Milliseconds(1), [&] {
    ++fired;
    timer->start(Milliseconds(1), [&] {
      ++fired;
      timer.reset();
    });
  });
  run_until(loop, [&] { return fired == 2; });
}

TEST_CASE("loop/fd_watch: tells when a pipe is readable or hung up, later") {
  Loop loop("test");
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  FdWatch watch(loop, UniqueFd(ends[0]));
  UniqueFd writer(ends[1]);
  int ready = 0;
  REQUIRE(write(writer.get(), "x", 1) == 1);
  watch.wait_readable([&](const auto& result) { ready += result ? 1 : 0; });
  CHECK(ready == 0);
  run_until(loop, [&] { return ready == 1; });
  char byte = 0;
  REQUIRE(read(watch.fd(), &byte, 1) == 1);
  watch.wait_readable([&](const auto& result) { ready += result ? 1 : 0; });
  loop.poll();
  CHECK(ready == 1);
  writer.reset();
  run_until(loop, [&] { return ready == 2; });
}

TEST_CASE("loop/fd_watch: a destroyed watch does not call, even when it was ready") {
  Loop loop("test");
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const UniqueFd writer(ends[1]);
  auto first = std::make_unique<FdWatch>(loop, UniqueFd(ends[0]));
  std::array<int, 2> others{};
  REQUIRE(pipe(others.data()) == 0);
  const UniqueFd other_writer(others[1]);
  auto second = std::make_unique<FdWatch>(loop, UniqueFd(others[0]));
  // Both become ready in the same turn; the first to run destroys the other.
  int calls = 0;
  first->wait_readable([&](const auto&) {
    ++calls;
    second.reset();
  });
  second->wait_readable([&](const auto&) {
    ++calls;
    first.reset();
  });
  REQUIRE(write(writer.get(), "x", 1) == 1);
  REQUIRE(write(other_writer.get(), "x", 1) == 1);
  run_until(loop, [&] { return calls > 0; });
  loop.poll();
  CHECK(calls == 1);
}

TEST_CASE("loop/signal_watch: delivers signals while it lives") {
  Loop loop("test");
  int seen = 0;
  {
    const SignalWatch watch(loop, {SIGUSR1}, [&](int number) {
      CHECK(number == SIGUSR1);
      ++seen;
    });
    raise(SIGUSR1);
    run_until(loop, [&] { return seen == 1; });
    raise(SIGUSR1);
    run_until(loop, [&] { return seen == 2; });
  }
  loop.poll();
}

TEST_CASE("loop/loop: stopped time passes only by advance, timers fire in order", "[loop]") {
  Loop loop("test");
  loop.stop_time();
  const engine::TimePoint start = loop.now();
  std::vector<std::string> order;
  Timer late(loop);
  Timer early(loop);
  Timer nested(loop);
  late.start(Milliseconds(2000), [&] { order.emplace_back("late"); });
  early.start(Milliseconds(1000), [&] {
    order.emplace_back("early");
    nested.start(Milliseconds(500), [&] { order.emplace_back("nested"); });
  });
  loop.poll();
  CHECK(order.empty());
  CHECK(loop.now() == start);
  loop.advance(Milliseconds(1600), [&] { order.emplace_back("done"); });
  while (loop.poll() > 0) {
  }
  CHECK(order == std::vector<std::string>{"early", "nested", "done"});
  CHECK(loop.now() == start + Milliseconds(1600));
  late.cancel();
  loop.advance(Milliseconds(1000), [] {});
  while (loop.poll() > 0) {
  }
  CHECK(order.size() == 3);
}
