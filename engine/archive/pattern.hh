#pragma once

#include "base/result.hh"

#include <string_view>

namespace engine::archive {

/// Checks a regular expression as device filters hold them: RE2's syntax, whose search takes time
/// in proportion to the text whatever the expression is.
/// ERRORS: Errc::invalid_params; the message is the reason alone.
Result<> check_pattern(std::string_view pattern);

/// Whether `pattern` is found anywhere in `text`.
/// ERRORS: as check_pattern.
Result<bool> search_pattern(std::string_view pattern, std::string_view text);

}  // namespace engine::archive
