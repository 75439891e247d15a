#pragma once

#include "base/result.hh"
#include "json/reader.hh"
#include "json/value.hh"
#include "json/writer.hh"

#include <lua.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::script {

// --- errors -----------------------------------------------------------------------------------

/// Pushes the error table {code, message, hint, details, debug} with its metatable. [-0, +1]
void push_error(lua_State* state, const Error& error);
/// Pushes `nil, err` and returns 2: the answer of a binding that failed as expected.
int push_failure(lua_State* state, const Error& error);
/// The Error that a value (error table, string, anything) stands for; `code` defaults to script.
Error to_error(lua_State* state, int index);

// --- JSON -------------------------------------------------------------------------------------
//
// null is the sentinel `engine.json.null` (a light userdata). Arrays carry the metatable
// `engine.json.array`, so an empty one stays an array; a table without it is an array when its keys
// are 1…n, n > 0, else an object. Integers beyond ±2^53 arrive as opaque `engine.json.Value`s, as
// do the members named raw. Integral numbers are written as integers. Objects are written in byte
// order of their keys.

/// Pushes the document in `text`. `raw_members`: members of the top object that stay text.
/// [-0, +1], nothing on failure. ERRORS: as json::parse.
Result<> push_json(lua_State* state,
                   std::string_view text,
                   std::span<const std::string> raw_members = {},
                   std::size_t max_depth = json::kMaxDepth);
/// Pushes a tree. [-0, +1]
void push_value(lua_State* state, const json::Value& value);
/// Pushes an opaque `engine.json.Value`. `text` must be one valid document. [-0, +1]
void push_raw(lua_State* state, std::string text);
/// The text of an opaque value, or null if the value at `index` is not one.
const std::string* raw_at(lua_State* state, int index);
/// Writes the value at `index` as JSON. ERRORS: Errc::serialization naming the path (`result.a[3]`)
/// of what JSON cannot hold: functions, mixed tables, cycles (deeper than 192), NaN.
Result<> write_json(lua_State* state, int index, json::Writer& writer);
Result<std::string> to_json(lua_State* state, int index);
Result<json::Value> to_value(lua_State* state, int index);
/// Whether write_json would write the table at `index` as an array (it need not be valid inside).
bool is_array(lua_State* state, int index);
/// Pushes the null sentinel. [-0, +1]
void push_null(lua_State* state);
/// Gives the table on top the array metatable. [-0, +0]
void mark_array(lua_State* state);

// --- arguments --------------------------------------------------------------------------------
// These raise a Lua error naming the argument when it does not fit. Views live as long as the
// Lua string stays on the stack.

std::string_view check_string(lua_State* state, int index);
std::optional<std::string_view> opt_string(lua_State* state, int index);
inline void push_string(lua_State* state, std::string_view text) {
  lua_pushlstring(state, text.data(), text.size());
}

/// Reads one field of the options table at `index` (0 or nil: no table). Raises when the field has
/// another type.
std::optional<std::string> field_string(lua_State* state, int index, const char* name);
std::optional<double> field_number(lua_State* state, int index, const char* name);
std::optional<bool> field_boolean(lua_State* state, int index, const char* name);
/// The field as a list of strings; empty when absent.
std::vector<std::string> field_strings(lua_State* state, int index, const char* name);

}  // namespace engine::script
