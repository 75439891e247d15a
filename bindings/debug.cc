#include "bindings/debug_host.hh"
#include "bindings/modules.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"
#include "script/trace_log.hh"

namespace engine::bindings {
namespace {

DebugHost& host_of(lua_State* state) {
  auto* host = script::Vm::of(state).services().find<DebugHost>();
  if (host == nullptr) luaL_error(state, "engine.debug: not inside the daemon");
  return *host;
}

Milliseconds seconds_field(lua_State* state, const char* name, double fallback) {
  const double seconds = script::field_number(state, 1, name).value_or(fallback);
  luaL_argcheck(state, seconds >= 0 && seconds <= 86400, 1, name);
  return Milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

Completion<json::Value> value_completion(script::Resumer resumer) {
  return script::Resumer::completion<json::Value>(std::move(resumer),
                                                  [](lua_State* on, json::Value&& value) {
                                                    script::push_value(on, value);
                                                    return 1;
                                                  });
}

/// debug.vms() → names
int debug_vms(lua_State* state) {
  script::push_value(state, host_of(state).vms());
  return 1;
}

/// debug.run{vm, module, fn, argument?, deadline?, slice?, connection?} → {generation, result}
int debug_run(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  DebugHost& host = host_of(state);
  DebugHost::Run run{.vm = script::field_string(state, 1, "vm").value_or("control"),
                     .module = script::field_string(state, 1, "module").value_or(""),
                     .function = script::field_string(state, 1, "fn").value_or(""),
                     .deadline = seconds_field(state, "deadline", 30),
                     .slice = seconds_field(state, "slice", 5)};
  run.connection =
      static_cast<std::uint64_t>(script::field_number(state, 1, "connection").value_or(0));
  lua_getfield(state, 1, "argument");
  if (auto text = script::to_json(state, lua_gettop(state)); text) {
    run.argument = std::move(*text);
  } else {
    return luaL_error(state, "argument: %s", text.error().message.c_str());
  }
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    host.run(std::move(run),
             script::Vm::of(state).loop(),
             script::Resumer::completion<std::string>(
                 std::move(resumer), [](lua_State* on, std::string&& text) {
                   const auto pushed = script::push_json(on, text);
                   return pushed ? 1 : script::push_failure(on, pushed.error());
                 }));
    return {};
  });
}

/// debug.profile{seconds, hertz?} → profile | nil, err
int debug_profile(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  DebugHost& host = host_of(state);
  const Milliseconds length = seconds_field(state, "seconds", 5);
  const double hertz = script::field_number(state, 1, "hertz").value_or(997);
  luaL_argcheck(state, hertz >= 1 && hertz <= 10'000, 1, "hertz: 1 to 10000 expected");
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    return host.profile(length,
                        static_cast<unsigned>(hertz),
                        script::Vm::of(state).loop(),
                        value_completion(std::move(resumer)));
  });
}

/// debug.trace{method, count?, seconds?} → calls | nil, err
int debug_trace(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  DebugHost& host = host_of(state);
  std::string method = script::field_string(state, 1, "method").value_or("");
  const double count = script::field_number(state, 1, "count").value_or(1);
  luaL_argcheck(state, count >= 1 && count <= 1000, 1, "count: 1 to 1000 expected");
  const Milliseconds length = seconds_field(state, "seconds", 30);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    return host.trace(std::move(method),
                      static_cast<std::size_t>(count),
                      length,
                      script::Vm::of(state).loop(),
                      value_completion(std::move(resumer)));
  });
}

/// debug.open_span(name) → number | nil
int debug_open_span(lua_State* state) {
  script::TraceLog* log = script::current_trace(state);
  if (log == nullptr) return 0;
  lua_pushinteger(state, log->open(std::string(script::check_string(state, 1)), {}));
  return 1;
}

/// debug.close_span(number?)
int debug_close_span(lua_State* state) {
  script::TraceLog* log = script::current_trace(state);
  if (log != nullptr && lua_isnumber(state, 1) != 0) {
    log->close(static_cast<int>(lua_tointeger(state, 1)));
  }
  return 0;
}

}  // namespace

int open_debug(lua_State* state) {
  static const luaL_Reg functions[] = {{"vms", script::thunk<&debug_vms>},
                                       {"run", script::thunk<&debug_run>},
                                       {"profile", script::thunk<&debug_profile>},
                                       {"trace", script::thunk<&debug_trace>},
                                       {"open_span", script::thunk<&debug_open_span>},
                                       {"close_span", script::thunk<&debug_close_span>},
                                       {nullptr, nullptr}};
  luaL_newlib(state, functions);
  return 1;
}

}  // namespace engine::bindings
