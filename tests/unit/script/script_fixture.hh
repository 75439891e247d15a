#pragma once

#include "script/live.hh"
#include "script/thunk.hh"
#include "script/vm.hh"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

namespace engine::script {

/// ThreadSanitizer holds signals back until the next call it knows, so that no guard ever stops a
/// loop under it: tests of the guard end at once there.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kGuardWorks = false;
#else
inline constexpr bool kGuardWorks = true;
#endif

/// A loop with one VM, and short ways to run text in it. Checks at the end that nothing is left.
class ScriptFixture {
 public:
  explicit ScriptFixture(Vm::Options options = {}, std::vector<Module> modules = {})
      : modules_(std::move(modules)) {
    auto made = Vm::create(loop, services, modules_, std::move(options));
    REQUIRE(made);
    vm = std::move(*made);
  }
  ScriptFixture(const ScriptFixture&) = delete;
  ScriptFixture& operator=(const ScriptFixture&) = delete;
  ~ScriptFixture() {
    vm.reset();
    loop.poll();
    CHECK(live().refs == 0);
    CHECK(live().tasks == 0);
    CHECK(live().objects == 0);
  }

  Ref compile(std::string_view source, std::string_view name = "test.lua") {
    auto function = vm->compile(source, name);
    if (!function) FAIL(function.error().message);
    return std::move(*function);
  }

  /// Runs `source` to its end without a coroutine; its first result as text, or the Error.
  Result<std::string> call(std::string_view source, Limits limits = {}) {
    Result<std::string> result;
    vm->call(compile(source), {}, limits, [&](Outcome outcome) { result = text_of(outcome); });
    return result;
  }

  /// Runs `source` in a task and the loop until it ends.
  Result<std::string> task(std::string_view source, Limits limits = {}) {
    std::optional<Result<std::string>> result;
    vm->spawn(compile(source), {}, limits, [&](Outcome outcome) { result = text_of(outcome); });
    run_until([&] { return result.has_value(); });
    return *result;
  }

  /// Runs the loop until `done()`; fails the test after `limit`.
  void run_until(const std::function<bool()>& done, Milliseconds limit = Milliseconds(20'000)) {
    const TimePoint end = Clock::now() + limit;
    while (!done()) {
      if (Clock::now() > end) FAIL("the condition did not come true in time");
      if (loop.poll() > 0) continue;
      loop::Timer tick(loop);
      tick.start(Milliseconds(1), [this] { loop.stop(); });
      loop.run();
    }
  }

  static Result<std::string> text_of(const Outcome& outcome) {
    if (!outcome.status) return fail(outcome.status.error());
    if (outcome.results == 0) return std::string();
    lua_State* state = outcome.state;
    const int first = lua_gettop(state) - outcome.results + 1;
    if (lua_type(state, first) == LUA_TSTRING) return std::string(check_string(state, first));
    return to_json(state, first);
  }

  loop::Loop loop{"test"};
  Services services;
  std::unique_ptr<Vm> vm;

 private:
  std::vector<Module> modules_;
};

}  // namespace engine::script
