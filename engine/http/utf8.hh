#pragma once

#include <string_view>

namespace engine::http {

/// Whether `text` is well-formed UTF-8 (no surrogates, nothing overlong, nothing past U+10FFFF).
bool is_utf8(std::string_view text);

}  // namespace engine::http
