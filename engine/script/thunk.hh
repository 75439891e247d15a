#pragma once

#include "script/convert.hh"

#include <lua.hpp>

#include <exception>
#include <string>
#include <type_traits>

namespace engine::script {

/// The one frame between Lua and a C++ function. `Function` is `int(lua_State*)` (misuse raises,
/// results on the stack) or `Result<int>(lua_State*)` (an Error becomes `nil, err`). A C++
/// exception becomes a raised error table; Lua errors pass through untouched.
template <auto Function>
int thunk(lua_State* state) {
  std::string what;
  try {
    if constexpr (std::is_same_v<decltype(Function(state)), int>) {
      return Function(state);
    } else {
      auto result = Function(state);
      return result ? *result : push_failure(state, result.error());
    }
  } catch (const std::exception& exception) {
    what = exception.what();
  }
  push_error(state, Error{.code = Errc::internal, .message = what});
  what = std::string();
  return lua_error(state);
}

}  // namespace engine::script
