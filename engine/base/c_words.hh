#pragma once

#include <span>
#include <string>
#include <vector>

namespace engine {

/// `words` as exec and posix_spawn take them: the last pointer is null. Valid as long as `words`
/// is; nobody may write through them.
std::vector<char*> c_words(std::span<const std::string> words);

}  // namespace engine
