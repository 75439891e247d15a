#include "script/task.hh"

#include "script_fixture.hh"

namespace engine::script {
namespace {

/// wait(seconds): a timer. park(): waits until the test resumes it.
struct Parked {
  std::vector<Resumer> resumers;
  int cancelled = 0;
};

int test_wait(lua_State* state) {
  const Milliseconds delay(static_cast<int>(luaL_checknumber(state, 1) * 1000));
  return suspend(state, [&](Resumer resumer) -> Cancel {
    auto timer = std::make_shared<loop::Timer>(Vm::of(state).loop());
    timer->start(delay, [timer, resumer = std::move(resumer)]() mutable {
      resumer.resume([](lua_State* on) {
        lua_pushboolean(on, 1);
        return 1;
      });
    });
    return [timer] { timer->cancel(); };
  });
}

int test_park(lua_State* state) {
  auto* parked = Vm::of(state).services().find<Parked>();
  return suspend(state, [parked](Resumer resumer) -> Cancel {
    parked->resumers.push_back(std::move(resumer));
    return [parked] { ++parked->cancelled; };
  });
}

int test_fail_to_start(lua_State* state) {
  return suspend(state, [state](Resumer) -> Cancel {
    luaL_error(state, "cannot start");
    return {};
  });
}

int open_test(lua_State* state) {
  static constexpr luaL_Reg kFunctions[] = {{"wait", thunk<test_wait>},
                                            {"park", thunk<test_park>},
                                            {"fail_to_start", thunk<test_fail_to_start>},
                                            {nullptr, nullptr}};
  luaL_newlib(state, kFunctions);
  return 1;
}

class TaskFixture : public ScriptFixture {
 public:
  TaskFixture() : ScriptFixture({}, {{"engine.test", open_test}}) { services.add(parked); }
  Parked parked;
};

constexpr Limits kLimits{};

}  // namespace

TEST_CASE("script/task: a task waits without blocking and ends with its results", "[script]") {
  TaskFixture lua;
  CHECK(lua.task("local t = require('engine.test') assert(t.wait(0.001)) assert(t.wait(0)) "
                 "return 'done'")
            .value() == "done");
  CHECK(lua.vm->live_tasks() == 0);
}

TEST_CASE("script/task: an error that no function raised has its line in the traceback",
          "[script]") {
  TaskFixture lua;
  const auto failed = lua.task(R"(local function inner(x)
      return x.y.z
    end
    local got = inner({})
    return got)");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "test.lua:2: attempt to index field 'y' (a nil value)");
  CHECK(failed.error().debug == "test.lua:2: in function 'inner'\ntest.lua:4: in main chunk");
}

TEST_CASE("script/task: waits across pcall, metamethods and iterators", "[script]") {
  TaskFixture lua;
  CHECK(lua.task(R"(
    local t = require('engine.test')
    local n = 0
    local ok = pcall(function() t.wait(0) n = n + 1 error('x') end)
    local object = setmetatable({}, {__index = function(_, k) t.wait(0) return k end})
    for i in function(_, i) t.wait(0) i = (i or 0) + 1 if i < 3 then return i end end do n = n + i end
    local ok2 = xpcall(function() t.wait(0) error('y') end, function(e) t.wait(0) n = n + 10 return e end)
    return tostring(ok) .. tostring(ok2) .. object.key .. n)")
            .value() == "falsefalsekey14");
}

TEST_CASE("script/task: waiting where Lua cannot yield says so", "[script]") {
  TaskFixture lua;
  CHECK(lua.task(R"(
    local t = require('engine.test')
    local _, a = pcall(table.sort, {2, 1, 3}, function() t.wait(0) end)
    local _, b = pcall(coroutine.wrap(function() t.wait(0) end))
    return a .. '|' .. b)")
            .value()
            .find("table.sort") != std::string::npos);
  const auto outside = lua.call("require('engine.test').wait(0)");
  REQUIRE_FALSE(outside);
  CHECK(outside.error().message.find("call it from a task") != std::string::npos);
  CHECK(lua.vm->live_tasks() == 0);
}

TEST_CASE("script/task: cancelling resumes with nil, cancelled; later waits fail too", "[script]") {
  TaskFixture lua;
  std::string text;
  const TaskId id = lua.vm->spawn(
      lua.compile("local t = require('engine.test') local _, a = t.park() local _, b = t.park() "
                  "return a.code .. ' ' .. b.code .. ' ' .. tostring(a)"),
      {},
      kLimits,
      [&](Outcome outcome) { text = ScriptFixture::text_of(outcome).value(); });
  REQUIRE(lua.vm->live_tasks() == 1);
  lua.vm->cancel(id);
  CHECK(text == "cancelled cancelled cancelled: the task was cancelled");
  CHECK(lua.parked.cancelled == 1);
  lua.parked.resumers.clear();  // a late resumption is nobody's
  lua.vm->cancel(id);
  CHECK(lua.vm->live_tasks() == 0);
}

TEST_CASE("script/task: a cancelled task that insists on waiting is stopped", "[script]") {
  TaskFixture lua;
  Errc code = Errc::unknown;
  const TaskId id =
      lua.vm->spawn(lua.compile("local t = require('engine.test') while true do t.park() end"),
                    {},
                    kLimits,
                    [&](Outcome outcome) { code = outcome.status.error().code; });
  lua.vm->cancel(id);
  CHECK(code == Errc::cancelled);
  CHECK(lua.vm->live_tasks() == 0);
  lua.parked.resumers.clear();
}

TEST_CASE("script/task: a cancelled task that goes on running is stopped", "[script]") {
  if (!kGuardWorks) return;
  TaskFixture lua;
  Errc code = Errc::unknown;
  const TaskId id =
      lua.vm->spawn(lua.compile("require('engine.test').park() while true do end"),
                    {},
                    {.deadline = Milliseconds(3'600'000), .slice = Milliseconds(3'600'000)},
                    [&](Outcome outcome) { code = outcome.status.error().code; });
  lua.vm->cancel(id);
  CHECK(code == Errc::cancelled);
  CHECK(lua.vm->live_tasks() == 0);
  lua.parked.resumers.clear();
}

TEST_CASE("script/task: a dropped resumer resumes with cancelled", "[script]") {
  TaskFixture lua;
  std::string text;
  lua.vm->spawn(lua.compile("local v, e = require('engine.test').park() return e.code"),
                {},
                kLimits,
                [&](Outcome outcome) { text = ScriptFixture::text_of(outcome).value(); });
  lua.parked.resumers.clear();
  CHECK(text == "cancelled");
}

TEST_CASE("script/task: the deadline of a waiting task cancels it with timeout", "[script]") {
  TaskFixture lua;
  const auto began = Clock::now();
  CHECK(lua.task("local v, e = require('engine.test').park() return e.code",
                 {.deadline = Milliseconds(30)})
            .value() == "timeout");
  CHECK(Clock::now() - began < Milliseconds(5'000));
  lua.parked.resumers.clear();
}

TEST_CASE("script/task: deadlines of many tasks are kept one by one", "[script]") {
  TaskFixture lua;
  std::vector<int> order;
  const Ref park = lua.compile("return (select(2, require('engine.test').park())).code");
  for (const int delay : {60, 20, 40}) {
    lua.vm->spawn(park, {}, {.deadline = Milliseconds(delay)}, [&order, delay](Outcome) {
      order.push_back(delay);
    });
  }
  lua.run_until([&] { return order.size() == 3; });
  CHECK(order == std::vector<int>{20, 40, 60});
  lua.parked.resumers.clear();
}

TEST_CASE("script/task: resuming from inside Lua happens through the loop", "[script]") {
  TaskFixture lua;
  static TaskFixture* fixture = nullptr;
  fixture = &lua;
  std::vector<std::string> order;
  lua.vm->spawn(lua.compile("return require('engine.test').park()"), {}, kLimits, [&](Outcome) {
    order.emplace_back("parked");
  });
  lua_State* state = lua.vm->state();
  lua_pushcfunction(state, [](lua_State*) {
    fixture->parked.resumers.clear();
    return 0;
  });
  const Ref clear = Ref::pop(state);
  lua.vm->call(clear, {}, kLimits, [&](Outcome) { order.emplace_back("called"); });
  lua.run_until([&] { return order.size() == 2; });
  CHECK(order == std::vector<std::string>{"called", "parked"});
}

TEST_CASE("script/task: closing the VM ends its tasks, each with one outcome", "[script]") {
  TaskFixture lua;
  int ended = 0;
  std::string seen;
  lua.vm->spawn(lua.compile("local _, e = require('engine.test').park() return e.code"),
                {},
                kLimits,
                [&](Outcome outcome) {
                  ++ended;
                  seen = ScriptFixture::text_of(outcome).value();
                });
  lua.vm->spawn(
      lua.compile("while true do require('engine.test').park() end"), {}, kLimits, [&](Outcome) {
        ++ended;
      });
  lua.vm.reset();
  CHECK(ended == 2);
  CHECK(seen == "shutting_down");
  lua.parked.resumers.clear();
}

TEST_CASE("script/task: an operation that fails to start leaves the task running", "[script]") {
  TaskFixture lua;
  CHECK(lua.task("local t = require('engine.test') local ok, e = pcall(t.fail_to_start) "
                 "t.wait(0) local ok2 = pcall(t.fail_to_start) return e .. tostring(ok2)")
            .value() == "cannot startfalse");
  const auto failed =
      lua.task("pcall(require('engine.test').fail_to_start) coroutine.yield() return 1");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::script);
}

TEST_CASE("script/task: coroutine.yield at the top of a task is an error that says why",
          "[script]") {
  TaskFixture lua;
  const auto failed = lua.task("\ncoroutine.yield(1)");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.starts_with("test.lua:2: coroutine.yield outside"));
}

TEST_CASE("script/task: coroutines are used again without leaking state", "[script]") {
  TaskFixture lua;
  for (int i = 0; i < 500; ++i) {
    CHECK(lua.task("local a, b = ... assert(a == nil and b == nil) "
                   "local t = require('engine.test') if math.random() < 0.1 then t.wait(0) end "
                   "if math.random() < 0.1 then error('x') end return 'ok'")
              .value_or("ok") == "ok");
  }
}

TEST_CASE("script/task: the tasks of an owner are cancelled together", "[script][task]") {
  std::vector<std::string> ends;
  TaskFixture lua;
  const auto spawn = [&](std::uint64_t owner) {
    lua.vm->spawn(lua.compile("local _, err = require('engine.test').park() return err.code"),
                  {},
                  {.owner = owner},
                  [&ends](const Outcome& outcome) {
                    ends.push_back(ScriptFixture::text_of(outcome).value());
                  });
  };
  spawn(7);
  spawn(8);
  spawn(7);
  spawn(0);
  lua.vm->cancel_owner(0);
  CHECK(ends.empty());
  lua.vm->cancel_owner(7);
  CHECK(ends == std::vector<std::string>{"cancelled", "cancelled"});
  CHECK(lua.vm->live_tasks() == 2);
}

}  // namespace engine::script
