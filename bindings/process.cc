#include "bindings/command_output.hh"
#include "bindings/modules.hh"
#include "loop/child_process.hh"
#include "loop/offload.hh"
#include "script/convert.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

namespace engine::bindings {
namespace {

constexpr double kDefaultTimeout = 60;
constexpr std::size_t kMostOutput = 1UL << 20U;  ///< of each stream

std::vector<std::string> check_argv(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TTABLE);
  std::vector<std::string> argv;
  const int count = static_cast<int>(lua_objlen(state, index));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(state, index, i);
    argv.emplace_back(script::check_string(state, -1));
    lua_pop(state, 1);
  }
  if (argv.empty()) luaL_argerror(state, index, "a program expected");
  return argv;
}

/// Ours, with what `env` names put in its place; false removes.
std::vector<std::string> environment(lua_State* state, int options) {
  std::vector<std::string> result;
  lua_getfield(state, options, "env");
  const int changes = lua_gettop(state);
  luaL_checktype(state, changes, LUA_TTABLE);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    script::push_string(state, text.substr(0, text.find('=')));
    lua_rawget(state, changes);
    if (lua_isnil(state, -1)) result.emplace_back(text);
    lua_pop(state, 1);
  }
  for (lua_pushnil(state); lua_next(state, changes) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING) luaL_error(state, "option 'env': names expected");
    if (lua_type(state, -1) == LUA_TBOOLEAN && lua_toboolean(state, -1) == 0) continue;
    if (lua_type(state, -1) != LUA_TSTRING) luaL_error(state, "option 'env': strings expected");
    result.push_back(std::string(script::check_string(state, -2)) + '=' +
                     std::string(script::check_string(state, -1)));
  }
  lua_pop(state, 1);
  return result;
}

/// process.run(argv, opts?) → {code, signal?, out, err} | nil, err   *async*
int process_run(lua_State* state) {
  const bool pooled = script::Vm::of(state).services().find<loop::OffloadPool>() != nullptr;
  if (pooled && script::current_task(state) == script::TaskId{}) {
    return luaL_error(state,
                      "process.run waits: call it from a task (an async handler or loop.spawn)");
  }
  loop::SpawnOptions options{.argv = check_argv(state, 1)};
  options.directory = script::field_string(state, 2, "cwd").value_or("");
  std::string input = script::field_string(state, 2, "stdin").value_or("");
  const double seconds = script::field_number(state, 2, "timeout").value_or(kDefaultTimeout);
  if (lua_istable(state, 2)) {
    lua_getfield(state, 2, "env");
    if (!lua_isnil(state, -1)) options.environment = environment(state, 2);
    lua_settop(state, 2);
  }
  luaL_argcheck(state, seconds >= 0 && seconds < 1e9, 2, "option 'timeout': seconds expected");
  const Milliseconds timeout(static_cast<std::int64_t>(seconds * 1000));
  const auto stop = std::make_shared<const UniqueFd>(::eventfd(0, EFD_CLOEXEC));
  return script::offload<loop::CommandOutput>(
      state,
      [options = std::move(options), input = std::move(input), timeout, stop] {
        return loop::run_command(options, timeout, input, kMostOutput, stop->get());
      },
      push_output,
      [stop] { ::eventfd_write(stop->get(), 1); });
}

/// process.pid() → integer
int process_pid(lua_State* state) {
  lua_pushinteger(state, ::getpid());
  return 1;
}

constexpr luaL_Reg kFunctions[] = {
    {"run", script::thunk<process_run>}, {"pid", script::thunk<process_pid>}, {nullptr, nullptr}};

}  // namespace

int push_output(lua_State* state, loop::CommandOutput&& output) {
  lua_createtable(state, 0, 4);
  lua_pushinteger(state, output.status.code);
  lua_setfield(state, -2, "code");
  if (output.status.signal != 0) {
    lua_pushinteger(state, output.status.signal);
    lua_setfield(state, -2, "signal");
  }
  script::push_string(state, output.out);
  lua_setfield(state, -2, "out");
  script::push_string(state, output.err);
  lua_setfield(state, -2, "err");
  return 1;
}

int open_process(lua_State* state) {
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
