#include "script/convert.hh"
#include "script/traceback.hh"
#include "script/vm_impl.hh"

namespace engine::script {
namespace {

void set_text(lua_State* state, const char* name, const std::string& text) {
  if (text.empty()) return;
  push_string(state, text);
  lua_setfield(state, -2, name);
}

std::string text_of(lua_State* state, int index) {
  std::size_t size = 0;
  const char* text =
      lua_type(state, index) == LUA_TSTRING ? lua_tolstring(state, index, &size) : nullptr;
  return text == nullptr ? std::string() : std::string(text, size);
}

/// The field, read without metamethods.
std::string raw_text(lua_State* state, int table, const char* name) {
  lua_pushstring(state, name);
  lua_rawget(state, table);
  std::string text = text_of(state, -1);
  lua_pop(state, 1);
  return text;
}

Error table_error(lua_State* state, int table) {
  Error error{.code = Errc::script};
  const std::string kind = raw_text(state, table, "code");
  if (!kind.empty()) error.code = errc_from_kind(kind);
  error.message = raw_text(state, table, "message");
  if (error.message.empty()) error.message = kind.empty() ? "an error without a message" : kind;
  error.hint = raw_text(state, table, "hint");
  error.debug = raw_text(state, table, "debug");
  lua_pushstring(state, "details");
  lua_rawget(state, table);
  if (!lua_isnil(state, -1)) error.info = to_json(state, lua_gettop(state)).value_or("");
  lua_pop(state, 1);
  return error;
}

int error_tostring(lua_State* state) {
  if (lua_type(state, 1) != LUA_TTABLE) return luaL_argerror(state, 1, "an error expected");
  lua_getfield(state, 1, "code");
  lua_getfield(state, 1, "message");
  lua_pushfstring(state,
                  "%s: %s",
                  lua_isstring(state, -2) ? lua_tostring(state, -2) : "script",
                  lua_isstring(state, -1) ? lua_tostring(state, -1) : "?");
  return 1;
}

int null_tostring(lua_State* state) {
  lua_pushstring(state, lua_touserdata(state, 1) == nullptr ? "null" : "userdata");
  return 1;
}

}  // namespace

void push_error(lua_State* state, const Error& error) {
  luaL_checkstack(state, 6, "no room for an error");
  lua_createtable(state, 0, 4);
  push_string(state, errc_info(error.code).kind);
  lua_setfield(state, -2, "code");
  push_string(state, error.message);
  lua_setfield(state, -2, "message");
  set_text(state, "hint", error.hint);
  set_text(state, "debug", error.debug);
  if (!error.info.empty()) {
    if (!push_json(state, error.info)) push_string(state, error.info);
    lua_setfield(state, -2, "details");
  }
  lua_rawgeti(state, LUA_REGISTRYINDEX, Vm::of(state).impl().error_metatable);
  lua_setmetatable(state, -2);
}

int push_failure(lua_State* state, const Error& error) {
  lua_pushnil(state);
  push_error(state, error);
  return 2;
}

Error to_error(lua_State* state, int index) {
  if (index < 0 && index > LUA_REGISTRYINDEX) index = lua_gettop(state) + index + 1;
  switch (lua_type(state, index)) {
    case LUA_TTABLE:
      return table_error(state, index);
    case LUA_TSTRING:
      return {.code = Errc::script, .message = text_of(state, index)};
    case LUA_TNUMBER:
      return {.code = Errc::script, .message = json::write(lua_tonumber(state, index))};
    default:
      return {.code = Errc::script,
              .message = std::string("a raised ") + luaL_typename(state, index)};
  }
}

void open_values(lua_State* state, Vm::Impl& impl) {
  lua_newtable(state);
  lua_pushcfunction(state, error_tostring);
  lua_setfield(state, -2, "__tostring");
  lua_pushliteral(state, "engine.Error");
  lua_setfield(state, -2, "__metatable");
  impl.error_metatable = luaL_ref(state, LUA_REGISTRYINDEX);

  lua_newtable(state);
  impl.array_identity = lua_topointer(state, -1);
  lua_pushliteral(state, "engine.json.array");
  lua_setfield(state, -2, "__metatable");
  impl.array_metatable = luaL_ref(state, LUA_REGISTRYINDEX);

  // One metatable serves all light userdata; the null sentinel is the only one scripts see.
  lua_pushlightuserdata(state, nullptr);
  lua_newtable(state);
  lua_pushcfunction(state, null_tostring);
  lua_setfield(state, -2, "__tostring");
  lua_pushliteral(state, "engine.json.null");
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);
  lua_pop(state, 1);

  define_raw_json(state);
}

}  // namespace engine::script
