#include "bindings/modules.hh"
#include "json/diff.hh"
#include "json/reader.hh"
#include "script/convert.hh"
#include "script/thunk.hh"

#include <algorithm>

namespace engine::bindings {
namespace {

using script::check_string;
using script::push_string;

/// json.encode(value, opts?) → text | nil, err
Result<int> json_encode(lua_State* state) {
  luaL_checkany(state, 1);
  if (script::field_boolean(state, 2, "pretty").value_or(false)) {
    TRY_ASSIGN(const json::Value value, script::to_value(state, 1));
    push_string(state, json::write_pretty(value));
  } else {
    TRY_ASSIGN(const std::string text, script::to_json(state, 1));
    push_string(state, text);
  }
  return 1;
}

/// json.decode(text) → value | nil, err
Result<int> json_decode(lua_State* state) {
  TRY(script::push_json(state, check_string(state, 1)));
  return 1;
}

/// json.array(t?) → t, marked as an array
int json_array(lua_State* state) {
  if (lua_isnoneornil(state, 1)) {
    lua_newtable(state);
  } else {
    luaL_checktype(state, 1, LUA_TTABLE);
    lua_pushvalue(state, 1);
  }
  script::mark_array(state);
  return 1;
}

/// json.is_array(value) → boolean
int json_is_array(lua_State* state) {
  lua_pushboolean(state, script::is_array(state, 1) ? 1 : 0);
  return 1;
}

/// json.raw(text) → engine.json.Value | nil, err
Result<int> json_raw(lua_State* state) {
  const std::string_view text = check_string(state, 1);
  TRY(json::parse(text));
  // Line ends in valid JSON are white space, and a call has to be one line.
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
  script::push_raw(state, std::move(line));
  return 1;
}

/// json.patch(value, patch) → value | nil, err
Result<int> json_patch(lua_State* state) {
  TRY_ASSIGN(json::Value document, script::to_value(state, 1));
  TRY_ASSIGN(const json::Value operations, script::to_value(state, 2));
  TRY_ASSIGN(const json::Patch patch, json::patch_from(operations));
  TRY(json::apply_patch(document, patch));
  script::push_value(state, document);
  return 1;
}

/// json.diff(before, after) → patch | nil, err
Result<int> json_diff(lua_State* state) {
  TRY_ASSIGN(const json::Value before, script::to_value(state, 1));
  TRY_ASSIGN(const json::Value after, script::to_value(state, 2));
  TRY(script::push_json(state, json::write(json::diff(before, after))));
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"encode", script::thunk<json_encode>},
                                   {"decode", script::thunk<json_decode>},
                                   {"array", script::thunk<json_array>},
                                   {"is_array", script::thunk<json_is_array>},
                                   {"raw", script::thunk<json_raw>},
                                   {"patch", script::thunk<json_patch>},
                                   {"diff", script::thunk<json_diff>},
                                   {nullptr, nullptr}};

}  // namespace

int open_json(lua_State* state) {
  luaL_newlib(state, kFunctions);
  script::push_null(state);
  lua_setfield(state, -2, "null");
  return 1;
}

}  // namespace engine::bindings
