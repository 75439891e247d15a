#include "instance/store_tool.hh"

#include "bindings/modules.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <filesystem>

namespace engine::bindings {
namespace {

std::filesystem::path path_at(lua_State* state, int index) {
  return script::check_string(state, index);
}

int run(lua_State* state, UniqueFunction<Result<json::Value>()> work) {
  return script::offload<json::Value>(
      state, std::move(work), [](lua_State* target, json::Value&& report) {
        script::push_value(target, report);
        return 1;
      });
}

int tool_check(lua_State* state) {
  return run(state, [path = path_at(state, 1)] { return instance::check_store(path); });
}

int tool_backup(lua_State* state) {
  const bool replace =
      script::field_boolean(state, lua_isnoneornil(state, 3) ? 0 : 3, "replace").value_or(false);
  return run(state, [from = path_at(state, 1), to = path_at(state, 2), replace] {
    return instance::backup_store(from, to, replace);
  });
}

int tool_restore(lua_State* state) {
  return run(state, [from = path_at(state, 1), to = path_at(state, 2)] {
    return instance::restore_store(from, to);
  });
}

int tool_compact(lua_State* state) {
  return run(state, [path = path_at(state, 1)] { return instance::compact_store(path); });
}

int tool_measure(lua_State* state) {
  return run(state, [path = path_at(state, 1)] { return instance::measure_store(path); });
}

}  // namespace

int open_store_tool(lua_State* state) {
  static const luaL_Reg functions[] = {{"check", script::thunk<&tool_check>},
                                       {"backup", script::thunk<&tool_backup>},
                                       {"restore", script::thunk<&tool_restore>},
                                       {"compact", script::thunk<&tool_compact>},
                                       {"measure", script::thunk<&tool_measure>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
