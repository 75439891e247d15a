// What LuaJIT, the compiler and Asio do at the boundary when nothing of ours stands between: the
// facts behind thunk, Ref and Task. A new LuaJIT or compiler that changes one fails here.

#include "loop/loop.hh"

#include "quiet_frames.hh"
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <lua.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <coroutine>
#include <csignal>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace engine::script {
namespace {

/// A state as LuaJIT makes it, FFI included.
struct Plain {
  Plain() : state(luaL_newstate()) { luaL_openlibs(state); }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  ~Plain() { lua_close(state); }

  /// The first result of `source` as text, or the error.
  std::string run(const char* source) {
    if (luaL_loadstring(state, source) != 0 || lua_pcall(state, 0, 1, 0) != 0) {
      const char* message = lua_tostring(state, -1);
      return message == nullptr ? "?" : message;
    }
    const char* text = lua_tostring(state, -1);
    return text == nullptr ? "nothing" : text;
  }

  lua_State* state;
};

/// How a process ends that does `work`: its exit code, or minus the signal.
template <typename F>
int end_of(F work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_DUMPABLE, 0);  // no core
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
    std::signal(SIGABRT, SIG_DFL);  // Catch's own handler would report this test as failed
    work();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int throw_bare(lua_State*) {
  throw std::runtime_error("lost words");
}

int raise(lua_State* state) {
  return luaL_error(state, "raised");
}

int raise_noexcept(lua_State* state) noexcept {
  return luaL_error(state, "raised");
}

struct RaisesLast {
  lua_State* state;
  ~RaisesLast() { luaL_error(state, "raised"); }
};

int raise_in_destructor(lua_State* state) {
  const RaisesLast last{state};
  return 0;
}

int handler_calls = 0;

int count_call(lua_State*) {
  ++handler_calls;
  return 1;
}

int end_in_panic(lua_State*) {
  ::_exit(42);
}

/// For FFI: throws from its 500th call on.
extern "C" int facts_throw_late(int call) {
  if (call >= 500) throw std::runtime_error("through FFI");
  return call;
}

void offer_to_ffi(lua_State* state) {
  lua_pushlightuserdata(state, reinterpret_cast<void*>(&facts_throw_late));
  lua_setglobal(state, "address");
}

constexpr const char* kThroughFfi =
    "local f = require('ffi').cast('int (*)(int)', address) "
    "local ok, e = pcall(function() for i = 1, 1000 do f(i) end end) "
    "return tostring(ok) .. ' ' .. tostring(e)";

bool ended_in_null = false;

/// A coroutine without a task: it runs at once and ends at once.
struct AtOnce {
  struct promise_type {
    AtOnce get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { ended_in_null = std::current_exception() == nullptr; }
  };
};

AtOnce raise_in_coroutine(lua_State* state) {
  luaL_error(state, "raised");
  co_return;
}

int run_coroutine(lua_State* state) {
  raise_in_coroutine(state);
  lua_pushliteral(state, "went on");
  return 1;
}

}  // namespace

TEST_CASE("script/facts: the handler of a protected call does not hear of a C++ exception",
          "[script][boundary]") {
  Plain lua;
  handler_calls = 0;
  lua_pushcfunction(lua.state, count_call);
  lua_pushcfunction(lua.state, throw_bare);
  CHECK(lua_pcall(lua.state, 0, 0, 1) != 0);
  CHECK(lua_tostring(lua.state, -1) == std::string("C++ exception"));
  CHECK(handler_calls == 0);
  lua_settop(lua.state, 1);
  lua_pushcfunction(lua.state, raise);
  CHECK(lua_pcall(lua.state, 0, 0, 1) != 0);
  CHECK(handler_calls == 1);
}

TEST_CASE("script/facts: a Lua error out of noexcept or a destructor ends the process",
          "[script][boundary]") {
  for (const lua_CFunction function : {lua_CFunction(raise_noexcept), raise_in_destructor}) {
    CHECK(end_of([function] {
            Plain lua;
            lua_pushcfunction(lua.state, function);
            lua_pcall(lua.state, 0, 0, 0);
          }) == -SIGABRT);
  }
}

TEST_CASE("script/facts: an unprotected Lua error is any catch's, else the panic function's",
          "[script][boundary]") {
  Plain lua;
  bool caught = false;
  lua_atpanic(lua.state, end_in_panic);
  try {
    raise(lua.state);
  } catch (...) {
    caught = true;
  }
  CHECK(caught);
  // On a thread of its own, where nothing of Catch's is above.
  CHECK(end_of([] {
          std::thread([] {
            Plain other;
            lua_atpanic(other.state, end_in_panic);
            raise(other.state);
          }).join();
        }) == 42);
}

TEST_CASE("script/facts: a Lua error in a C++ coroutine is lost", "[script][boundary]") {
  Plain lua;
  ended_in_null = false;
  lua_register(lua.state, "run", run_coroutine);
  CHECK(lua.run("local ok, e = pcall(run) return tostring(ok) .. ' ' .. e") == "true went on");
  CHECK(ended_in_null);
}

TEST_CASE("script/facts: a C++ exception through FFI is caught in the interpreter only",
          "[script][boundary]") {
  Plain lua;
  offer_to_ffi(lua.state);
  luaJIT_setmode(lua.state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  CHECK(lua.run(kThroughFfi) == "false C++ exception");
  CHECK(end_of([] {
          Plain compiled;
          offer_to_ffi(compiled.state);
          compiled.run(kThroughFfi);
        }) == -SIGABRT);
}

TEST_CASE(
    "script/facts: without exceptions destructors do not run; without tables pcall is useless",
    "[script][boundary]") {
  Plain lua;
  lua_register(lua.state, "raise", facts_raise_quietly);
  facts_destroyed = 0;
  CHECK(lua.run("local ok, e = pcall(raise) return tostring(ok) .. ' ' .. e") == "false raised");
  CHECK(facts_destroyed == 0);
  CHECK(end_of([] {
          Plain other;
          lua_atpanic(other.state, end_in_panic);
          lua_register(other.state, "raise", facts_raise_without_tables);
          other.run("pcall(raise)");
        }) == 42);
}

TEST_CASE("script/facts: an exception leaves a loop's run, and the next run goes on",
          "[script][boundary]") {
  loop::Loop loop("facts");
  bool ran = false;
  loop.post([] { throw std::runtime_error("out of a handler"); });
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  CHECK_THROWS_WITH(loop.run(), "out of a handler");
  CHECK_FALSE(ran);
  loop.run();
  CHECK(ran);
}

}  // namespace engine::script
