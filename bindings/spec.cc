#include "bindings/modules.hh"
#include "bindings/scratch_host.hh"
#include "script/live.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <cmath>

namespace engine::bindings {
namespace {

SpecWorld& world_of(lua_State* state) {
  auto* world = script::Vm::of(state).services().find<SpecWorld>();
  if (world == nullptr) luaL_error(state, "engine.spec: only specs have it");
  return *world;
}

std::string json_field(lua_State* state, int index, const char* name) {
  lua_getfield(state, index, name);
  std::string text;
  if (!lua_isnil(state, -1)) {
    auto encoded = script::to_json(state, lua_gettop(state));
    if (!encoded) luaL_error(state, "%s: %s", name, encoded.error().message.c_str());
    text = std::move(*encoded);
  }
  lua_pop(state, 1);
  return text;
}

std::map<std::string, std::string> text_fields(lua_State* state, int index, const char* name) {
  std::map<std::string, std::string> fields;
  lua_getfield(state, index, name);
  if (lua_istable(state, -1)) {
    for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) {
      fields.emplace(script::check_string(state, -2), script::check_string(state, -1));
    }
  }
  lua_pop(state, 1);
  return fields;
}

/// spec.call{method, params?, context?, attributes?, uid?, transport?, address?, locale?, headers?}
/// → result | nil, err   *async*
int spec_call(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  SpecWorld& world = world_of(state);
  SpecWorld::Call call{.method = script::field_string(state, 1, "method").value_or(""),
                       .context = script::field_string(state, 1, "context").value_or("RpcContext"),
                       .attributes = json_field(state, 1, "attributes"),
                       .transport = script::field_string(state, 1, "transport").value_or(""),
                       .address = script::field_string(state, 1, "address").value_or(""),
                       .locale = script::field_string(state, 1, "locale").value_or(""),
                       .headers = text_fields(state, 1, "headers")};
  if (std::string params = json_field(state, 1, "params"); !params.empty()) {
    call.params = std::move(params);
  }
  if (const auto uid = script::field_number(state, 1, "uid")) {
    call.uid = static_cast<unsigned>(*uid);
  }
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    world.call(std::move(call),
               script::Resumer::completion<std::string>(
                   std::move(resumer), [](lua_State* on, std::string&& text) {
                     const auto pushed = script::push_json(on, text);
                     return pushed ? 1 : script::push_failure(on, pushed.error());
                   }));
    return {};
  });
}

Milliseconds check_delay(lua_State* state) {
  const double seconds = luaL_checknumber(state, 1);
  luaL_argcheck(state, seconds >= 0 && seconds < 1e9, 1, "seconds expected");
  return Milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

UniqueFunction<void()> resume_true(script::Resumer resumer) {
  return [resumer = std::move(resumer)]() mutable {
    resumer.resume([](lua_State* on) {
      lua_pushboolean(on, 1);
      return 1;
    });
  };
}

/// spec.advance(seconds) → true   *async*
int spec_advance(lua_State* state) {
  const Milliseconds by = check_delay(state);
  SpecWorld& world = world_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    world.advance(by, resume_true(std::move(resumer)));
    return {};
  });
}

/// spec.wait(seconds) → true | nil, err   *async*
int spec_wait(lua_State* state) {
  const Milliseconds delay = check_delay(state);
  SpecWorld& world = world_of(state);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    return world.wait(delay, resume_true(std::move(resumer)));
  });
}

/// spec.held() → {references, tasks, objects}
int spec_held(lua_State* state) {
  return script::push_held(state);
}

/// spec.data_dir() → path
int spec_data_dir(lua_State* state) {
  script::push_string(state, world_of(state).data_dir().string());
  return 1;
}

}  // namespace

int open_spec(lua_State* state) {
  static const luaL_Reg functions[] = {{"call", script::thunk<&spec_call>},
                                       {"advance", script::thunk<&spec_advance>},
                                       {"wait", script::thunk<&spec_wait>},
                                       {"held", script::thunk<&spec_held>},
                                       {"data_dir", script::thunk<&spec_data_dir>},
                                       {nullptr, nullptr}};
  luaL_newlib(state, functions);
  return 1;
}

}  // namespace engine::bindings
