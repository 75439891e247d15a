#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::rpc {

/// A versioned name taken apart: `query:AREA.NAME.vN` or `action:AREA.NAME.input.vN`. A view.
struct WireName {
  bool query = false;
  std::string_view name;     ///< `AREA.NAME`
  std::int64_t version = 0;  ///< 0: not said
};

/// Nothing for a name without `query:` or `action:`. The `.input` of an action may be missing.
std::optional<WireName> parse_wire_name(std::string_view text);

/// The versioned name of a method. An older version that is kept beside the present one is called
/// `NAME-vN` in the tree and has the same versioned name as the present one, but for its number.
std::string wire_name(std::string_view method, bool query, std::int64_t version);

}  // namespace engine::rpc
