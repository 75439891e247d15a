#pragma once

#include <string>
#include <string_view>

namespace engine::rpc {

/// The first member of the object `params` (JSON text) whose name begins with `__`; empty when
/// there is none. Such names are the engine's own: nobody may send them.
std::string reserved_member(std::string_view params);

}  // namespace engine::rpc
