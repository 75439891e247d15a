#pragma once

#include "json/pointer.hh"
#include "json/writer.hh"
#include "script/object.hh"
#include "script/thunk.hh"

#include <string>

namespace engine::bindings {

/// The pointer at `index`. ERRORS: as json::Pointer::parse.
inline Result<json::Pointer> pointer_at(lua_State* state, int index) {
  return json::Pointer::parse(script::check_string(state, index));
}

// Reading, the same for what a snapshot holds and what a mutation would make of it.

template <typename Source>
Result<std::string> text_at(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, index));
  std::string text;
  json::Writer out(text);
  TRY(source.write(pointer, out));
  return text;
}

template <typename Source>
Result<int> read_get(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(const std::string text, text_at(state, source, index));
  TRY(script::push_json(state, text));
  return 1;
}

template <typename Source>
Result<int> read_raw(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(std::string text, text_at(state, source, index));
  script::push_raw(state, std::move(text));
  return 1;
}

template <typename Source>
Result<int> read_exists(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, index));
  TRY_ASSIGN(const bool found, source.exists(pointer));
  lua_pushboolean(state, found ? 1 : 0);
  return 1;
}

template <typename Source>
Result<int> read_keys(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, index));
  TRY_ASSIGN(const auto keys, source.keys(pointer));
  lua_createtable(state, static_cast<int>(keys.size()), 0);
  script::mark_array(state);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    script::push_string(state, keys[i]);
    lua_rawseti(state, -2, static_cast<int>(i + 1));
  }
  return 1;
}

template <typename Source>
Result<int> read_kind(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, index));
  TRY_ASSIGN(const std::string_view kind, source.kind(pointer));
  if (kind.empty()) {
    lua_pushnil(state);
  } else {
    script::push_string(state, kind);
  }
  return 1;
}

template <typename Source>
Result<int> read_size(lua_State* state, Source& source, int index) {
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, index));
  TRY_ASSIGN(const std::size_t size, source.size(pointer));
  lua_pushnumber(state, static_cast<lua_Number>(size));
  return 1;
}

/// A method of T from a reading function.
template <typename T, auto Read>
Result<int> method(lua_State* state) {
  const auto object = script::check_object<T>(state, 1);
  return Read(state, object->source, 2);
}

/// The reading methods of T, whose `source` is a Source.
template <typename T, typename Source>
constexpr luaL_Reg kReading[] = {
    {"get", script::thunk<&method<T, &read_get<Source>>>},
    {"raw", script::thunk<&method<T, &read_raw<Source>>>},
    {"exists", script::thunk<&method<T, &read_exists<Source>>>},
    {"keys", script::thunk<&method<T, &read_keys<Source>>>},
    {"kind", script::thunk<&method<T, &read_kind<Source>>>},
    {"size", script::thunk<&method<T, &read_size<Source>>>},
};

}  // namespace engine::bindings
