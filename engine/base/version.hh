#pragma once

#include <string_view>

namespace engine {

/// Version of moonbox, from CMake.
extern const std::string_view kVersion;
/// Commit the program was built from, with "-modified" if the tree was not clean; empty outside
/// git.
extern const std::string_view kGitInfo;

}  // namespace engine
