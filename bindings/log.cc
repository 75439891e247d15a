#include "base/log.hh"

#include "bindings/log_fields.hh"
#include "bindings/modules.hh"
#include "script/convert.hh"
#include "script/task.hh"
#include "script/thunk.hh"
#include "script/vm.hh"

#include <algorithm>
#include <span>
#include <vector>

namespace engine::bindings {
namespace {

using script::check_string;

/// A field as text: strings as they are, the rest as JSON.
std::string field_text(lua_State* state) {
  if (lua_type(state, -1) == LUA_TSTRING) return std::string(check_string(state, -1));
  auto text = script::to_json(state, -1);
  return text ? std::move(*text) : std::string(luaL_typename(state, -1));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> read_log_fields(lua_State* state, int index) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (lua_isnoneornil(state, index)) return fields;
  luaL_checktype(state, index, LUA_TTABLE);
  for (lua_pushnil(state); lua_next(state, index) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING) luaL_argerror(state, index, "named fields expected");
    fields.emplace_back(check_string(state, -2), field_text(state));
  }
  std::ranges::sort(fields);
  return fields;
}

namespace {

/// log.LEVEL([target,] message [, fields]). The target defaults to the VM's name.
template <log::Level kLevel>
int log_write(lua_State* state) {
  const bool has_target = lua_type(state, 2) == LUA_TSTRING;
  const std::string_view target =
      has_target ? check_string(state, 1) : std::string_view(script::Vm::of(state).name());
  const int message = has_target ? 2 : 1;
  const auto owned = read_log_fields(state, message + 1);
  std::vector<log::Field> fields(owned.begin(), owned.end());
  const std::string_view call = script::task_call_name(state);
  if (!call.empty()) fields.emplace_back("trace", call);
  log::write(kLevel, target, check_string(state, message), std::span(fields));
  return 0;
}

/// log.hide(secret) → boolean
int log_hide(lua_State* state) {
  lua_pushboolean(state, log::hide(check_string(state, 1)) ? 1 : 0);
  return 1;
}

/// log.unhide(secret)
int log_unhide(lua_State* state) {
  log::unhide(check_string(state, 1));
  return 0;
}

constexpr luaL_Reg kFunctions[] = {{"hide", script::thunk<log_hide>},
                                   {"unhide", script::thunk<log_unhide>},
                                   {"debug", script::thunk<log_write<log::Level::debug>>},
                                   {"info", script::thunk<log_write<log::Level::info>>},
                                   {"warn", script::thunk<log_write<log::Level::warn>>},
                                   {"error", script::thunk<log_write<log::Level::error>>},
                                   {nullptr, nullptr}};

}  // namespace

int open_log(lua_State* state) {
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
