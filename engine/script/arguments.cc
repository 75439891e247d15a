#include "script/convert.hh"

namespace engine::script {
namespace {

/// Pushes the field, or nil when there is no table. [-0, +1]
void push_field(lua_State* state, int index, const char* name) {
  if (index == 0 || lua_isnoneornil(state, index)) {
    lua_pushnil(state);
    return;
  }
  luaL_checktype(state, index, LUA_TTABLE);
  lua_getfield(state, index, name);
}

/// True when the field on top has `type`; false (popped) when it is absent.
bool field_is(lua_State* state, const char* name, int type) {
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    return false;
  }
  if (lua_type(state, -1) != type) {
    luaL_error(state,
               "option '%s': %s expected, got %s",
               name,
               lua_typename(state, type),
               luaL_typename(state, -1));
  }
  return true;
}

}  // namespace

std::string_view check_string(lua_State* state, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(state, index, &size);
  return {text, size};
}

std::optional<std::string_view> opt_string(lua_State* state, int index) {
  if (lua_isnoneornil(state, index)) return std::nullopt;
  return check_string(state, index);
}

std::optional<std::string> field_string(lua_State* state, int index, const char* name) {
  push_field(state, index, name);
  if (!field_is(state, name, LUA_TSTRING)) return std::nullopt;
  std::string text(check_string(state, -1));
  lua_pop(state, 1);
  return text;
}

std::optional<double> field_number(lua_State* state, int index, const char* name) {
  push_field(state, index, name);
  if (!field_is(state, name, LUA_TNUMBER)) return std::nullopt;
  const double number = lua_tonumber(state, -1);
  lua_pop(state, 1);
  return number;
}

std::optional<bool> field_boolean(lua_State* state, int index, const char* name) {
  push_field(state, index, name);
  if (!field_is(state, name, LUA_TBOOLEAN)) return std::nullopt;
  const bool flag = lua_toboolean(state, -1) != 0;
  lua_pop(state, 1);
  return flag;
}

std::vector<std::string> field_strings(lua_State* state, int index, const char* name) {
  std::vector<std::string> list;
  push_field(state, index, name);
  if (!field_is(state, name, LUA_TTABLE)) return list;
  const int count = static_cast<int>(lua_objlen(state, -1));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(state, -1, i);
    if (lua_type(state, -1) != LUA_TSTRING) {
      luaL_error(state, "option '%s': element %d is not a string", name, i);
    }
    list.emplace_back(check_string(state, -1));
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return list;
}

}  // namespace engine::script
