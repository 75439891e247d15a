#pragma once

#include <cstddef>
#include <optional>

namespace engine {

/// Columns of what `fd` writes to: $COLUMNS where it is a number above 0, else those of the
/// terminal. Nothing when neither is known.
std::optional<std::size_t> output_columns(int fd);

}  // namespace engine
