#include "script_fixture.hh"
#include <sys/resource.h>

namespace engine::script {

TEST_CASE("script/vm: calls a function and hands over its results", "[script]") {
  ScriptFixture lua;
  const Ref sum = lua.compile("local a, b = ... return a + b, 'x'");
  int calls = 0;
  lua.vm->call(
      sum,
      [](lua_State* state) {
        lua_pushinteger(state, 2);
        lua_pushinteger(state, 40);
        return 2;
      },
      {},
      [&](Outcome outcome) {
        ++calls;
        REQUIRE(outcome.status);
        REQUIRE(outcome.results == 2);
        CHECK(lua_tointeger(outcome.state, -2) == 42);
      });
  CHECK(calls == 1);
  CHECK(lua_gettop(lua.vm->state()) == 0);
}

TEST_CASE("script/vm: a raised string becomes Errc::script with file, line and traceback",
          "[script]") {
  ScriptFixture lua;
  const auto failed = lua.call("local function inner()\n error('no luck')\nend\ninner() return 1");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::script);
  CHECK(failed.error().message == "test.lua:2: no luck");
  CHECK(failed.error().debug == "test.lua:2: in function 'inner'\ntest.lua:4: in main chunk");
}

TEST_CASE("script/vm: a raised error table keeps its code", "[script]") {
  ScriptFixture lua;
  const auto failed = lua.call(
      "error({code = 'not_found', message = 'no such thing', hint = 'look again',"
      " details = {id = 'x'}})");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::not_found);
  CHECK(failed.error().message == "no such thing");
  CHECK(failed.error().hint == "look again");
  CHECK(failed.error().info == R"({"id":"x"})");
  CHECK_FALSE(failed.error().debug.empty());
}

TEST_CASE("script/vm: a task's failure carries the traceback of its coroutine", "[script]") {
  ScriptFixture lua;
  const auto failed = lua.task("local function inner()\n error('no luck')\nend\ninner() return 1");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "test.lua:2: no luck");
  CHECK(failed.error().debug == "test.lua:2: in function 'inner'\ntest.lua:4: in main chunk");
}

TEST_CASE("script/vm: a value that fails to be pushed is an error of the call", "[script]") {
  ScriptFixture lua;
  const Ref f = lua.compile("return 1");
  const auto push = [](lua_State* state) { return luaL_error(state, "cannot push"); };
  int failures = 0;
  const auto count = [&](Outcome outcome) { failures += outcome.status ? 0 : 1; };
  lua.vm->call(f, push, {}, count);
  CHECK(lua.vm->spawn(f, push, {}, count) == TaskId{});
  CHECK(failures == 2);
}

TEST_CASE("script/vm: refs may outlive their VM", "[script]") {
  Ref ref;
  {
    ScriptFixture lua;
    ref = lua.compile("return 1");
    CHECK(ref);
    lua.vm.reset();
    CHECK_FALSE(ref);
    ref.reset();
  }
  CHECK_FALSE(ref);
}

TEST_CASE("script/vm: garbage may grow beside a small heap, not beside a large one", "[script]") {
  constexpr std::size_t kLimit = 256U << 20U;
  const auto churn = [](int mebibytes) {
    return "local s for i = 1, " + std::to_string(mebibytes) +
           " do s = ('x'):rep(1048576 - i) end return 1";
  };
  // So much takes long under a sanitizer, on a machine that has other work.
  constexpr Limits kAmple{.deadline = Milliseconds(300'000), .slice = Milliseconds(300'000)};
  ScriptFixture lua({.memory_limit = kLimit});
  CHECK(lua.call(churn(400), kAmple).value() == "1");
  CHECK(lua.vm->heap_bytes() < 80U << 20U);
  // With so much alive, patience would end at the limit.
  const std::string keep =
      "local keep = {} for i = 1, 100 do keep[i] = ('y'):rep(1048576 + i) end ";
  CHECK(lua.call(keep + churn(1'000), kAmple).value() == "1");
  CHECK(lua.vm->heap_bytes() < kLimit);
}

// Two VMs that grow in turn: what one has lies between what the other has.
TEST_CASE("script/vm: a small heap keeps its memory if it is told to", "[script]") {
  const auto faults_of = [](auto&& work) {
    rusage before{};
    getrusage(RUSAGE_THREAD, &before);
    work();
    rusage after{};
    getrusage(RUSAGE_THREAD, &after);
    return after.ru_minflt - before.ru_minflt;
  };
  const auto faults_of_the_second = [&](bool keep_memory) {
    const Vm::Options options{.memory_limit = 256U << 20U, .keep_memory = keep_memory};
    ScriptFixture one(options);
    ScriptFixture other(options);
    const auto fill_and_collect = [&] {
      for (int step = 0; step < 40; ++step) {
        for (ScriptFixture* each : {&one, &other}) {
          CHECK(
              each->call("local t = { next = rawget(_G, 'kept') } rawset(_G, 'kept', t) "
                         "for i = 1, 2000 do t[i] = { i } end return 1"));
        }
      }
      for (ScriptFixture* each : {&one, &other})
        CHECK(each->call("rawset(_G, 'kept', nil) collectgarbage() collectgarbage() return 1"));
    };
    fill_and_collect();
    return faults_of(fill_and_collect);
  };
  CHECK(faults_of_the_second(false) > 2'000);
  CHECK(faults_of_the_second(true) < 1'000);
}

TEST_CASE("script/vm: who ran out of memory is told where", "[script]") {
  ScriptFixture lua({.memory_limit = 8U << 20U});
  // Not compiled yet: the line, and who called.
  const std::string source =
      "local function fill()\n"
      "  local text = ('x'):rep(2 ^ 26) return text\n"
      "end\n"
      "local text = fill()\n"
      "return text";
  const auto called = lua.call(source);
  REQUIRE_FALSE(called);
  CHECK(called.error().message == "not enough memory");
  CHECK(called.error().debug.starts_with("test.lua:2: in function"));
  CHECK(called.error().debug.find("test.lua:4: ") != std::string::npos);
  const auto spawned = lua.task(source);
  REQUIRE_FALSE(spawned);
  CHECK(spawned.error().debug.starts_with("test.lua:2: in function"));
  // An error that has nothing to do with it does not show that place.
  const auto other = lua.call("pcall(function() return ('x'):rep(2 ^ 26) end)\nerror('other')");
  REQUIRE_FALSE(other);
  CHECK(other.error().debug.starts_with("test.lua:2: "));
}

TEST_CASE("script/vm: a capped VM answers not enough memory and goes on", "[script]") {
  ScriptFixture lua({.memory_limit = 8U << 20U, .trusted = false});
  const auto failed = lua.call("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::script);
  CHECK(failed.error().message == "not enough memory");
  CHECK(lua.call("return 1").value() == "1");
  CHECK(lua.vm->heap_bytes() <= 8U << 20U);
  CHECK(lua.task("local ok, e = pcall(string.rep, 'x', 1e8) return tostring(e)").value() ==
        "not enough memory");
}

TEST_CASE("script/vm: a call that ends well with a full heap leaves room for the next",
          "[script]") {
  // Large enough that LuaJIT collects as seldom as it does by itself.
  ScriptFixture lua({.memory_limit = 96U << 20U, .trusted = false});
  for (int i = 0; i < 8; ++i) {
    INFO(i);
    const auto filled =
        lua.task("local t = {} for i = 1, 55 do t[i] = ('x'):rep(2^20 - 64) .. i end return #t");
    CHECK(filled.value_or("not enough memory") == "55");
  }
  CHECK(lua.vm->heap_bytes() < 48U << 20U);
}

}  // namespace engine::script
