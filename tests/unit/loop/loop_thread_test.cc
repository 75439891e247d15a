#include "loop/loop_thread.hh"

#include <catch2/catch.hpp>

#include <thread>

using engine::loop::LoopThread;

TEST_CASE("loop/loop_thread: runs work on its own thread and gives what came of it") {
  LoopThread there("there");
  CHECK(there.call([] { return std::this_thread::get_id(); }) != std::this_thread::get_id());
  bool ran = false;
  there.call([&ran] { ran = true; });
  CHECK(ran);
}

TEST_CASE("loop/loop_thread: what was posted before the stop runs, and a second stop is nothing") {
  int ran = 0;
  LoopThread there("there");
  for (int i = 0; i < 100; ++i)
    there.loop().post([&ran] { ++ran; });
  there.stop();
  CHECK(ran == 100);
  there.stop();
}
