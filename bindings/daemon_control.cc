#include "instance/daemon_control.hh"

#include "bindings/modules.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <cmath>

namespace engine::bindings {
namespace {

Milliseconds timeout_at(lua_State* state, Milliseconds otherwise) {
  const auto seconds = script::field_number(state, 1, "timeout");
  if (!seconds) return otherwise;
  if (!(*seconds > 0) || *seconds > 86'400) {
    luaL_error(state, "option 'timeout' must be more than 0 and at most 86400 seconds");
  }
  return Milliseconds(static_cast<std::int64_t>(std::ceil(*seconds * 1000)));
}

Result<instance::Paths> paths_at(lua_State* state) {
  const auto data_dir = script::field_string(state, 1, "data_dir");
  const auto instance = script::field_string(state, 1, "instance");
  return instance::resolve_paths(data_dir, instance);
}

void set_string(lua_State* state, const char* key, std::string_view value) {
  script::push_string(state, value);
  lua_setfield(state, -2, key);
}

Result<int> control_paths(lua_State* state) {
  TRY_ASSIGN(const instance::Paths paths, paths_at(state));
  lua_createtable(state, 0, 9);
  set_string(state, "instance", paths.instance);
  set_string(state, "base", paths.base.native());
  set_string(state, "data", paths.data.native());
  set_string(state, "run", paths.run.native());
  set_string(state, "socket", paths.socket.native());
  set_string(state, "lock", paths.lock.native());
  set_string(state, "overlay", paths.overlay().native());
  set_string(state, "daemonLog", paths.daemon_log().native());
  set_string(state, "bootLog", paths.boot_log().native());
  return 1;
}

Result<int> control_start(lua_State* state) {
  instance::StartOptions options;
  TRY_ASSIGN(options.paths, paths_at(state));
  options.program = instance::executable_path();
  options.arguments = script::field_strings(state, 1, "arguments");
  options.timeout = timeout_at(state, options.timeout);
  return script::offload<instance::StartReport>(
      state,
      [options = std::move(options)] { return instance::start(options); },
      [](lua_State* target, instance::StartReport&& report) {
        lua_createtable(target, 0, 2);
        lua_pushboolean(target, report.already_running ? 1 : 0);
        lua_setfield(target, -2, "alreadyRunning");
        lua_pushinteger(target, report.pid);
        lua_setfield(target, -2, "pid");
        if (report.fault) {
          script::push_error(target, *report.fault);
          lua_setfield(target, -2, "fault");
        }
        return 1;
      });
}

Result<int> control_stop(lua_State* state) {
  instance::StopOptions options;
  TRY_ASSIGN(options.paths, paths_at(state));
  options.timeout = timeout_at(state, options.timeout);
  return script::offload<instance::StopReport>(
      state,
      [options = std::move(options)] { return instance::stop(options); },
      [](lua_State* target, instance::StopReport&& report) {
        lua_createtable(target, 0, 2);
        set_string(target, "method", instance::stop_method_name(report.method));
        if (report.pid != 0) {
          lua_pushinteger(target, report.pid);
          lua_setfield(target, -2, "pid");
        }
        return 1;
      });
}

int push_status(lua_State* state, instance::Status&& status) {
  lua_createtable(state, 0, 4);
  set_string(state, "state", instance::state_name(status.state));
  if (status.pid != 0) {
    lua_pushinteger(state, status.pid);
    lua_setfield(state, -2, "pid");
  }
  if (!status.version.empty()) set_string(state, "version", status.version);
  if (status.info.is_object()) {
    script::push_value(state, status.info);
    lua_setfield(state, -2, "info");
  }
  return 1;
}

Result<int> control_status(lua_State* state) {
  TRY_ASSIGN(instance::Paths paths, paths_at(state));
  return script::offload<instance::Status>(
      state, [paths = std::move(paths)] { return instance::status(paths); }, &push_status);
}

}  // namespace

int open_daemon_control(lua_State* state) {
  static const luaL_Reg functions[] = {{"paths", script::thunk<&control_paths>},
                                       {"start", script::thunk<&control_start>},
                                       {"stop", script::thunk<&control_stop>},
                                       {"status", script::thunk<&control_status>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
