#pragma once

#include <lua.hpp>

#include <string>
#include <utility>
#include <vector>

namespace engine::bindings {

/// The values in the table at `index` as texts, by their names and in their order; none for nil.
/// Raises when a name is no string.
std::vector<std::pair<std::string, std::string>> read_log_fields(lua_State* state, int index);

}  // namespace engine::bindings
