#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

/// How many letters must be put in, taken out, changed or swapped with their neighbour to make one
/// word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word of `known` that was probably meant by `word`; nothing when none is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace engine
