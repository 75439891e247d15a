#include "script/guard.hh"

#include "script_fixture.hh"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace engine::script {
namespace {

struct Shape {
  const char* name;
  const char* source;
};

// Each runs for ever unless it is stopped.
constexpr Shape kShapes[] = {
    {"plain", "local n = 0 while true do n = n + 1 end"},
    {"repeat", "local n = 0 repeat n = n + 1 until n < 0"},
    {"numeric for", "local n = 0 for i = 1, math.huge do n = n + i end"},
    {"nested",
     "local n = 0 while true do for i = 1, 1000 do for j = 1, 1000 do n = n + i * j end end "
     "end"},
    {"empty", "while true do end"},
    {"goto", "::again:: goto again"},
    {"calling", "local function f(x) return x + 1 end local n = 0 while true do n = f(n) end"},
    {"calling C", "local n = 0 while true do n = n + #tostring(n) end"},
    {"allocating", "local t while true do t = {t and t[1] or 1, {}} end"},
    {"string building", "local s = '' while true do s = s .. 'x' if #s > 1000 then s = '' end end"},
    {"coroutine",
     "local co = coroutine.wrap(function() local n = 0 while true do n = n + 1 end end) "
     "co()"},
    {"coroutine in coroutine",
     "coroutine.wrap(function() coroutine.wrap(function() local n = 0 while true do n = n + 1 end "
     "end)() end)()"},
    {"ping-pong",
     "local co = coroutine.wrap(function() while true do coroutine.yield() end end) "
     "while true do co() end"},
    {"resume loop",
     "while true do coroutine.resume(coroutine.create(function() while true do end end)) end"},
    {"__index",
     "local t = setmetatable({}, {__index = function(t, k) return k end}) local n = 0 "
     "while true do n = n + t[n] end"},
    {"__index loop inside",
     "local t = setmetatable({}, {__index = function() while true do end "
     "end}) return t.x"},
    {"tail recursion", "local function f(n) return f(n + 1) end return f(0)"},
    {"pcall loop", "local function loop() while true do end end while true do pcall(loop) end"},
    {"pcall nest", "local function f() while true do pcall(f) end end f()"},
    {"recursing pcall", "local function f() pcall(f) return f() end f()"},
    {"xpcall loop",
     "local function loop() while true do end end while true do "
     "xpcall(loop, function() end) end"},
    {"xpcall handler", "xpcall(error, function() local n = 0 while true do n = n + 1 end end)"},
    {"xpcall handler of the timeout",
     "local function loop() while true do end end xpcall(loop, loop) while true do xpcall(loop, "
     "loop) end"},
    {"error in a loop", "while true do pcall(error, 'x') end"},
    {"sort",
     "while true do local t = {} for i = 1, 1000 do t[i] = -i end table.sort(t, function(a, "
     "b) return a < b end) end"},
    {"gsub callback", "('x'):gsub('x', function() while true do end end)"},
    {"iterator", "for _ in function() return 1 end do end"},
    {"pairs",
     "local t = {} for i = 1, 100 do t[i] = i end while true do for _ in pairs(t) do end "
     "end"},
    {"load loop", "while true do load('return 1')() end"},
    {"tostring",
     "local t = setmetatable({}, {__tostring = function() while true do end end}) "
     "return tostring(t)"},
};

// Generous: a sanitizer build on a loaded machine.
constexpr Milliseconds kBound{5'000};

void expect_stopped(ScriptFixture& lua, const Shape& shape) {
  INFO(shape.name);
  const TimePoint began = Clock::now();
  const auto called = lua.call(shape.source, {.slice = Milliseconds(40)});
  REQUIRE_FALSE(called);
  INFO(called.error().message);
  CHECK(called.error().code == Errc::timeout);
  const auto ran = lua.task(shape.source, {.slice = Milliseconds(40)});
  REQUIRE_FALSE(ran);
  CHECK(ran.error().code == Errc::timeout);
  CHECK(Clock::now() - began < kBound);
  // Nothing stays behind: neither a hook nor a deadline.
  CHECK(lua_gethook(lua.vm->state()) == nullptr);
  CHECK(lua.call("local n = 0 for i = 1, 1e6 do n = n + i end return n").value() == "500000500000");
}

}  // namespace

TEST_CASE("script/guard: stops every shape of runaway with the JIT on", "[script][guard]") {
  if (!kGuardWorks) return;
  ScriptFixture lua;
  for (const Shape& shape : kShapes)
    expect_stopped(lua, shape);
}

TEST_CASE("script/guard: stops every shape in an untrusted VM", "[script][guard]") {
  if (!kGuardWorks) return;
  ScriptFixture lua({.memory_limit = 64U << 20U, .trusted = false});
  for (const Shape& shape : kShapes)
    expect_stopped(lua, shape);
}

TEST_CASE("script/guard: a warmed-up trace is stopped too", "[script][guard]") {
  if (!kGuardWorks) return;
  ScriptFixture lua;
  const char* warm = "local n = 0 for i = 1, 1e5 do n = n + i end return n";
  CHECK(lua.call(warm));
  for (int i = 0; i < 20; ++i) {
    const auto failed =
        lua.call("local n = 0 while true do n = n + 1 end", {.slice = Milliseconds(5)});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::timeout);
    CHECK(lua.call(warm));
  }
}

TEST_CASE("script/guard: the error names file and line and has a traceback", "[script][guard]") {
  if (!kGuardWorks) return;
  ScriptFixture lua;
  const auto failed = lua.task("local function spin()\n  while true do end\nend\nspin() return 1",
                               {.slice = Milliseconds(20)});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.starts_with("test.lua:2: "));
  CHECK(failed.error().debug.find("test.lua:4: in main chunk") != std::string::npos);
}

TEST_CASE("script/guard: an inner entry never outlasts its outer one, and the outer is stopped too",
          "[script][guard]") {
  if (!kGuardWorks) return;
  static ScriptFixture* fixture = nullptr;
  ScriptFixture lua;
  fixture = &lua;
  lua_State* state = lua.vm->state();
  lua_pushcfunction(state, [](lua_State* on) {
    const auto inner = fixture->call("while true do end", {.slice = Milliseconds(60'000)});
    lua_pushboolean(on, inner ? 1 : 0);
    return 1;
  });
  lua_setfield(state, LUA_REGISTRYINDEX, "test.nest");
  lua_getfield(state, LUA_REGISTRYINDEX, "test.nest");
  const Ref nest = Ref::pop(state);
  const Ref outer = lua.compile("local nest = ... nest() while true do end");
  Errc code = Errc::unknown;
  lua.vm->call(
      outer,
      [&](lua_State* on) {
        nest.push(on);
        return 1;
      },
      {.slice = Milliseconds(50)},
      [&](Outcome outcome) {
        code = outcome.status ? Errc::unknown : outcome.status.error().code;
      });
  CHECK(code == Errc::timeout);
  CHECK(lua_gethook(state) == nullptr);
}

TEST_CASE("script/guard: paused time does not count", "[script][guard]") {
  if (!kGuardWorks) return;
  ScriptFixture lua;
  lua_State* state = lua.vm->state();
  lua_pushcfunction(state, [](lua_State*) {
    const Guard::Pause pause;
    ::usleep(500'000);
    return 0;
  });
  const Ref blocks = Ref::pop(state);
  const Ref body = lua.compile(
      "local blocks = ... blocks() local n = 0 for i = 1, 1000 do n = n + i "
      "end return n");
  bool ended_well = false;
  lua.vm->call(
      body,
      [&](lua_State* on) {
        blocks.push(on);
        return 1;
      },
      {.slice = Milliseconds(300)},
      [&](Outcome outcome) { ended_well = outcome.status.has_value(); });
  CHECK(ended_well);
}

TEST_CASE("script/guard: guards of several threads do not disturb each other", "[script][guard]") {
  if (!kGuardWorks) return;
  std::vector<std::thread> threads;
  std::atomic<int> stopped = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&stopped] {
      loop::Loop loop("thread");
      const Services services;
      auto vm = Vm::create(loop, services, {}, {}).value();
      const Ref spin = vm->compile("while true do end", "spin.lua").value();
      for (int round = 0; round < 10; ++round) {
        vm->call(spin, {}, {.slice = Milliseconds(5 + round)}, [&](Outcome outcome) {
          stopped += !outcome.status && outcome.status.error().code == Errc::timeout ? 1 : 0;
        });
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(stopped == 40);
}

TEST_CASE("script/guard: a stopper ends what another thread runs for an owner", "[script][guard]") {
  if (!kGuardWorks) return;
  constexpr const char* kSpins[] = {"while true do end",
                                    "while true do pcall(function() while true do end end) end"};
  for (const char* source : kSpins) {
    Guard::Stopper stopper;
    std::atomic<bool> bound = false;
    Errc mine = Errc::unknown;
    Errc other = Errc::unknown;
    Errc later = Errc::unknown;
    std::thread runner([&] {
      ScriptFixture lua;
      stopper.bind();
      bound = true;
      mine = lua.task(source, {.owner = 7}).error().code;
      // One of the same owner that begins after the order does not run on either; another's does.
      later = lua.task(source, {.owner = 7}).error().code;
      stopper.forget(7);
      other = lua.task(source, {.slice = Milliseconds(30), .owner = 8}).error().code;
      CHECK(lua.task("return 'well'", {.owner = 7}).value() == "well");
      stopper.release();
    });
    while (!bound)
      std::this_thread::yield();
    stopper.stop(7);
    runner.join();
    CHECK(mine == Errc::cancelled);
    CHECK(later == Errc::cancelled);
    CHECK(other == Errc::timeout);
  }
}

TEST_CASE("script/guard: what a thread runs in a scope can be stopped, one entry after the other",
          "[script][guard]") {
  if (!kGuardWorks) return;
  Guard::Stopper stopper;
  std::atomic<bool> begun = false;
  std::thread runner([&] {
    ScriptFixture lua;
    {
      const Guard::Stoppable scope(stopper, 1);
      CHECK(lua.call("return 'well'").value() == "well");
      begun = true;
      for (int i = 0; i < 3; ++i) {
        const auto stopped = lua.call("while true do end");
        REQUIRE_FALSE(stopped);
        CHECK(stopped.error().code == Errc::cancelled);
      }
    }
    CHECK(lua.call("return 'well'").value() == "well");
  });
  while (!begun)
    std::this_thread::yield();
  stopper.stop(1);
  runner.join();
}

TEST_CASE("script/guard: past the hard grace the process ends and says why", "[script][guard]") {
  if (!kGuardWorks) return;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    ::signal(SIGABRT, SIG_DFL);
    Guard::set_hard_grace(Milliseconds(100));
    loop::Loop loop("child");
    const Services services;
    auto vm = Vm::create(loop, services, {}, {}).value();
    // A C function that does not come back: hooks cannot reach it.
    const Ref slow =
        vm->compile("local s = ('a'):rep(2^22) return s:find(s:sub(1, 2^21) .. 'b', 1, true)",
                    "slow.lua")
            .value();
    // A busy machine may take the slice for what comes before the search: that is stopped as usual.
    while (true)
      vm->call(slow, {}, {.slice = Milliseconds(300)}, {});
  }
  ::close(ends[1]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  char text[4096] = {};
  CHECK(::read(ends[0], text, sizeof text - 1) > 0);
  ::close(ends[0]);
  CHECK(std::string(text).find("did not come back") != std::string::npos);
  CHECK(WIFSIGNALED(status));
}

}  // namespace engine::script
