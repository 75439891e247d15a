#include "bindings/modules.hh"
#include "bindings/scratch_host.hh"
#include "script/task.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

ScratchHost& host_of(lua_State* state) {
  auto* host = script::Vm::of(state).services().find<ScratchHost>();
  if (host == nullptr) luaL_error(state, "engine.scratch: only moon-cli makes scratch engines");
  return *host;
}

ScratchHost::Roots check_roots(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  return {.overlay = script::field_string(state, 1, "overlay").value_or(""),
          .shipped = script::field_string(state, 1, "shipped").value_or("")};
}

int push_value(lua_State* state, json::Value&& value) {
  script::push_value(state, value);
  return 1;
}

/// scratch.check(roots) → {methods} | {problems} | nil, err   *async*
int scratch_check(lua_State* state) {
  ScratchHost& host = host_of(state);
  return script::offload<json::Value>(
      state, [&host, roots = check_roots(state)] { return host.check(roots); }, &push_value);
}

/// scratch.run(spec) → report | nil, err   *async*
int scratch_run(lua_State* state) {
  ScratchHost& host = host_of(state);
  ScratchHost::Spec spec{.roots = check_roots(state),
                         .file = script::field_string(state, 1, "file").value_or(""),
                         .name = script::field_string(state, 1, "name").value_or("spec"),
                         .match = script::field_string(state, 1, "match").value_or("")};
  if (const auto seconds = script::field_number(state, 1, "limit")) {
    spec.limit = Milliseconds(static_cast<std::int64_t>(*seconds * 1000));
  }
  return script::offload<json::Value>(
      state, [&host, spec = std::move(spec)] { return host.run(spec); }, &push_value);
}

}  // namespace

int open_scratch(lua_State* state) {
  static const luaL_Reg functions[] = {{"check", script::thunk<&scratch_check>},
                                       {"run", script::thunk<&scratch_run>},
                                       {nullptr, nullptr}};
  luaL_newlib(state, functions);
  return 1;
}

}  // namespace engine::bindings
