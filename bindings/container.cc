#include "bindings/container_host.hh"
#include "bindings/modules.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <memory>

namespace engine::bindings {
namespace {

constexpr double kDefaultMemory = 32.0 * 1024 * 1024;
constexpr double kDefaultSeconds = 60;

ContainerHost& host_of(lua_State* state) {
  auto* host = script::Vm::of(state).services().find<ContainerHost>();
  if (host == nullptr) luaL_error(state, "engine.container: not inside a container");
  return *host;
}

void set_path(lua_State* state, const char* name, const std::filesystem::path& path) {
  script::push_string(state, path.native());
  lua_setfield(state, -2, name);
}

int container_paths(lua_State* state) {
  const ContainerPaths paths = host_of(state).paths();
  lua_createtable(state, 0, 3);
  set_path(state, "package", paths.package);
  set_path(state, "media", paths.media);
  set_path(state, "host_socket", paths.host_socket);
  return 1;
}

int container_exit(lua_State* state) {
  host_of(state).exit(static_cast<int>(luaL_optinteger(state, 1, 0)));
  return 0;
}

int push_text(lua_State* state, std::string&& text) {
  if (auto pushed = script::push_json(state, text); !pushed) {
    return script::push_failure(state, pushed.error());
  }
  return 1;
}

// What the isolated VM asks runs as a task of ours, so it may wait.
IsolatedCall forward_to(script::Vm& vm, script::Ref function) {
  return [&vm, function = std::move(function)](const std::string& name,
                                               const std::string& params,
                                               Completion<std::string> answer) mutable {
    vm.spawn(
        function,
        [&](lua_State* state) {
          script::push_string(state, name);
          if (!script::push_json(state, params)) lua_newtable(state);
          return 2;
        },
        {},
        [&vm, answer = std::move(answer)](script::Outcome outcome) mutable {
          vm.loop().post([answer = std::move(answer), text = take_text(outcome)]() mutable {
            answer(std::move(text));
          });
        },
        "isolated call");
  };
}

int container_isolated(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  IsolatedRun run;
  run.module = script::field_string(state, 1, "module").value_or("");
  run.memory_limit =
      static_cast<std::size_t>(script::field_number(state, 1, "memory").value_or(kDefaultMemory));
  run.deadline = Milliseconds(static_cast<std::int64_t>(
      script::field_number(state, 1, "timeout").value_or(kDefaultSeconds) * 1000));
  lua_getfield(state, 1, "input");
  auto input = script::to_json(state, lua_gettop(state));
  if (!input) return script::push_failure(state, input.error());
  run.input = std::move(*input);
  lua_getfield(state, 1, "on_call");
  luaL_checktype(state, -1, LUA_TFUNCTION);
  run.on_call = forward_to(script::Vm::of(state), script::Ref::pop(state));
  ContainerHost& host = host_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.run_isolated(std::move(run),
                      script::Resumer::completion<std::string>(std::move(resumer), push_text));
    return {};
  });
}

int isolated_call(lua_State* state) {
  const std::string name(script::check_string(state, 1));
  auto params = script::to_json(state, 2);
  if (!params) return script::push_failure(state, params.error());
  auto* caller = script::Vm::of(state).services().find<IsolatedCaller>();
  if (caller == nullptr) return luaL_error(state, "engine.isolated: not an isolated state");
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    caller->call(
        name, *params, script::Resumer::completion<std::string>(std::move(resumer), push_text));
    return {};
  });
}

}  // namespace

Result<std::string> take_text(script::Outcome& outcome) {
  if (!outcome.status) return fail(std::move(outcome.status).error());
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  if (outcome.results == 0) return std::string("null");
  if (!lua_isnil(outcome.state, first)) return script::to_json(outcome.state, first);
  if (outcome.results < 2 || lua_isnil(outcome.state, first + 1)) return std::string("null");
  return fail(script::to_error(outcome.state, first + 1));
}

int open_container(lua_State* state) {
  static const luaL_Reg functions[] = {{"paths", script::thunk<&container_paths>},
                                       {"exit", script::thunk<&container_exit>},
                                       {"isolated", script::thunk<&container_isolated>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

int open_isolated(lua_State* state) {
  static const luaL_Reg functions[] = {{"call", script::thunk<&isolated_call>}, {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
