#pragma once

#include "json/value.hh"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace engine::store {

/// Finding parts of compact JSON that json::Writer wrote and a checksum vouches for, without
/// building a tree. Not for text from elsewhere: nothing is validated.

/// The text of the member called `name` of an object's text, or nothing.
std::optional<std::string_view> member_of(std::string_view object, std::string_view name);
/// The text of element `index` of an array's text, or nothing.
std::optional<std::string_view> element_of(std::string_view array, std::size_t index);
/// Members or elements of the text of an object or array.
std::size_t children_of(std::string_view container);
/// Calls `visit` with each member's name, quoted and escaped as in the text.
void each_name(std::string_view object, const std::function<void(std::string_view)>& visit);

/// The compact text of `value`, or nothing if it has more than `limit` bytes.
std::optional<std::string> compact_text(const json::Value& value, std::size_t limit);

}  // namespace engine::store
