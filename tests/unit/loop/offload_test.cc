#include "loop/offload.hh"

#include "run_until.hh"

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

using engine::Result;
using engine::loop::Loop;
using engine::loop::OffloadPool;
using test::run_until;

TEST_CASE("loop/offload: runs on another thread, answers on the loop") {
  Loop loop("test");
  OffloadPool pool(2);
  const auto here = std::this_thread::get_id();
  std::thread::id there;
  std::optional<Result<int>> result;
  pool.run<int>(
      loop,
      [&]() -> Result<int> {
        there = std::this_thread::get_id();
        return 42;
      },
      [&](Result<int> got) {
        CHECK(std::this_thread::get_id() == here);
        result = std::move(got);
      });
  run_until(loop, [&] { return result.has_value(); });
  CHECK(**result == 42);
  CHECK(there != here);
}

TEST_CASE("loop/offload: work that throws has failed") {
  Loop loop("test");
  OffloadPool pool(1);
  std::optional<Result<int>> result;
  pool.run<int>(
      loop,
      []() -> Result<int> { throw std::runtime_error("no more"); },
      [&](Result<int> got) { result = std::move(got); });
  run_until(loop, [&] { return result.has_value(); });
  REQUIRE_FALSE(*result);
  CHECK(result->error().code == engine::Errc::internal);
  CHECK(result->error().message == "no more");
}

TEST_CASE("loop/offload: what the work holds is freed on the loop") {
  Loop loop("test");
  OffloadPool pool(1);
  const auto here = std::this_thread::get_id();
  std::optional<std::thread::id> freed_on;
  std::promise<void> let_go;
  auto held = std::shared_ptr<int>(
      new int(7), [&](const int* value) { freed_on = std::this_thread::get_id(), delete value; });
  bool answered = false;
  pool.run<int>(
      loop,
      [held, ready = let_go.get_future().share()]() -> Result<int> {
        ready.wait();
        return *held;
      },
      [&](const Result<int>&) { answered = true; });
  // Nobody but the work holds it from here on.
  held.reset();
  let_go.set_value();
  run_until(loop, [&] { return answered && freed_on.has_value(); });
  CHECK(*freed_on == here);
}

TEST_CASE("loop/offload: as many at once as there are threads") {
  OffloadPool pool(3);
  std::atomic<int> inside = 0;
  std::promise<void> all;
  auto wait = all.get_future().share();
  std::atomic<int> done = 0;
  for (int i = 0; i < 3; ++i) {
    pool.submit([&, wait] {
      if (++inside == 3) all.set_value();
      wait.wait();
      ++done;
    });
  }
  CHECK(wait.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  while (done < 3)
    std::this_thread::yield();
}

TEST_CASE("loop/offload: the end waits for what has begun and drops what has not") {
  std::atomic<int> ran = 0;
  const auto held = std::make_shared<int>();
  std::promise<void> begun;
  {
    OffloadPool pool(1);
    pool.submit([&] {
      begun.set_value();
      std::this_thread::sleep_for(engine::Milliseconds(20));
      ++ran;
    });
    begun.get_future().wait();
    for (int i = 0; i < 10; ++i)
      pool.submit([&ran, held] { ++ran; });
  }
  CHECK(ran == 1);
  CHECK(held.use_count() == 1);
}
