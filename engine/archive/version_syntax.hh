#pragma once

#include <string_view>

namespace engine::archive {

/// Whether `text` is a plain version such as `1.2.3-rc.1`.
bool is_plain_version(std::string_view text);
/// Whether `text` is an extended version: `[#flavor:]upstream:downstream`.
bool is_extended_version(std::string_view text);
/// Whether `text` is a version range such as `>=1.2:0 && <2`. Bounded work on hostile text.
bool is_version_range(std::string_view text);

}  // namespace engine::archive
