#include "bindings/daemon_host.hh"
#include "bindings/modules.hh"
#include "rpc/xrat.hh"
#include "script/task.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

DaemonHost& host_of(lua_State* state) {
  auto* host = script::Vm::of(state).services().find<DaemonHost>();
  if (host == nullptr) luaL_error(state, "engine.daemon: not inside the daemon");
  return *host;
}

int daemon_info(lua_State* state) {
  script::push_value(state, host_of(state).info());
  return 1;
}

int daemon_methods(lua_State* state) {
  const std::string context(script::check_string(state, 1));
  script::push_value(state, host_of(state).methods(context));
  return 1;
}

Result<int> daemon_choose_protocol(lua_State* state) {
  const auto lowest = static_cast<std::int64_t>(luaL_optnumber(state, 1, rpc::kLowestXrat));
  const auto highest = static_cast<std::int64_t>(luaL_optnumber(state, 2, rpc::kLowestXrat));
  TRY_ASSIGN(const std::int64_t chosen, rpc::choose_protocol(lowest, highest));
  lua_pushnumber(state, static_cast<lua_Number>(chosen));
  return 1;
}

int daemon_metrics_text(lua_State* state) {
  script::push_string(state, host_of(state).metrics_text());
  return 1;
}

int daemon_shutdown(lua_State* state) {
  host_of(state).shutdown();
  return 0;
}

int daemon_restart(lua_State* state) {
  host_of(state).restart();
  return 0;
}

Completion<json::Value> value_completion(script::Resumer resumer) {
  return script::Resumer::completion<json::Value>(std::move(resumer),
                                                  [](lua_State* state, json::Value&& value) {
                                                    script::push_value(state, value);
                                                    return 1;
                                                  });
}

int daemon_status(lua_State* state) {
  DaemonHost& host = host_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.status(script::Vm::of(state).loop(), value_completion(std::move(resumer)));
    return {};
  });
}

int daemon_reload(lua_State* state) {
  DaemonHost& host = host_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.reload(script::Vm::of(state).loop(), value_completion(std::move(resumer)));
    return {};
  });
}

int daemon_rollback(lua_State* state) {
  DaemonHost& host = host_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.rollback(script::Vm::of(state).loop(), value_completion(std::move(resumer)));
    return {};
  });
}

int daemon_check(lua_State* state) {
  DaemonHost& host = host_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.check(script::Vm::of(state).loop(), value_completion(std::move(resumer)));
    return {};
  });
}

int daemon_files(lua_State* state) {
  script::push_value(state, host_of(state).files());
  return 1;
}

std::string attributes_at(lua_State* state, int index) {
  lua_getfield(state, index, "attributes");
  std::string text;
  if (!lua_isnil(state, -1)) {
    auto encoded = script::to_json(state, lua_gettop(state));
    if (!encoded) luaL_error(state, "attributes: %s", encoded.error().message.c_str());
    text = std::move(*encoded);
  }
  lua_pop(state, 1);
  return text;
}

int daemon_listen(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  DaemonHost& host = host_of(state);
  DaemonHost::Listener listener{
      .path = script::field_string(state, 1, "path").value_or(""),
      .context = script::field_string(state, 1, "context").value_or(""),
      .attributes = attributes_at(state, 1),
      .uid = static_cast<unsigned>(script::field_number(state, 1, "uid").value_or(0)),
      .gid = static_cast<unsigned>(script::field_number(state, 1, "gid").value_or(0))};
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.listen(script::Vm::of(state).loop(),
                std::move(listener),
                script::Resumer::completion(std::move(resumer)));
    return {};
  });
}

int daemon_unlisten(lua_State* state) {
  const std::string path(script::check_string(state, 1));
  DaemonHost& host = host_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.unlisten(
        script::Vm::of(state).loop(), path, script::Resumer::completion(std::move(resumer)));
    return {};
  });
}

}  // namespace

int open_daemon(lua_State* state) {
  static const luaL_Reg functions[] = {{"info", script::thunk<&daemon_info>},
                                       {"methods", script::thunk<&daemon_methods>},
                                       {"choose_protocol", script::thunk<&daemon_choose_protocol>},
                                       {"metrics_text", script::thunk<&daemon_metrics_text>},
                                       {"status", script::thunk<&daemon_status>},
                                       {"reload", script::thunk<&daemon_reload>},
                                       {"rollback", script::thunk<&daemon_rollback>},
                                       {"check", script::thunk<&daemon_check>},
                                       {"files", script::thunk<&daemon_files>},
                                       {"shutdown", script::thunk<&daemon_shutdown>},
                                       {"restart", script::thunk<&daemon_restart>},
                                       {"listen", script::thunk<&daemon_listen>},
                                       {"unlisten", script::thunk<&daemon_unlisten>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
