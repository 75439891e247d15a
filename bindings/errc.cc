#include "base/errc.hh"

#include "bindings/modules.hh"
#include "script/convert.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

using script::push_string;

void set_string(lua_State* state, const char* name, std::string_view text) {
  push_string(state, text);
  lua_setfield(state, -2, name);
}

/// errc.new(code, message, opts?) → engine.Error
int errc_new(lua_State* state) {
  Error error{.code = errc_from_kind(script::check_string(state, 1)),
              .message = std::string(script::check_string(state, 2)),
              .hint = script::field_string(state, 3, "hint").value_or("")};
  if (lua_istable(state, 3)) {
    lua_getfield(state, 3, "details");
    if (!lua_isnil(state, -1)) {
      auto details = script::to_json(state, lua_gettop(state));
      if (!details) return luaL_error(state, "details: %s", details.error().message.c_str());
      error.info = std::move(*details);
    }
  }
  script::push_error(state, error);
  return 1;
}

/// Pushes {number, label, exit, five, labelKey}. [-0, +1]
void push_row(lua_State* state, const ErrcInfo& row) {
  lua_createtable(state, 0, 5);
  lua_pushinteger(state, row.number);
  lua_setfield(state, -2, "number");
  lua_pushinteger(state, row.exit_code);
  lua_setfield(state, -2, "exit");
  set_string(state, "label", row.label);
  set_string(state, "five", five_code_name(row.five));
  set_string(state, "labelKey", row.label_key);
}

}  // namespace

int open_errc(lua_State* state) {
  lua_createtable(state, 0, 2);
  lua_createtable(state, 0, static_cast<int>(errc_table().size()));
  for (const ErrcInfo& row : errc_table()) {
    push_string(state, row.kind);
    push_row(state, row);
    lua_rawset(state, -3);
  }
  lua_setfield(state, -2, "kinds");
  lua_pushcfunction(state, script::thunk<errc_new>);
  lua_setfield(state, -2, "new");
  return 1;
}

}  // namespace engine::bindings
