#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include "cli/command.hh"
#include "cli/words.hh"

#include <string>

namespace engine::cli {

/// "--workers" or "ID": how messages name an argument.
std::string display_name(const Argument& argument);

/// One word of the command line as the argument's type wants it. A path becomes absolute, because
/// the daemon's working directory is another. ERRORS: Errc::usage naming the argument, in `words`.
Result<json::Value> to_value(const Argument& argument, const std::string& word, const Words& words);
/// The value a flag or an argument of type boolean was given. ERRORS: as above.
Result<bool> to_boolean(const Argument& argument, const std::string& word, const Words& words);

}  // namespace engine::cli
