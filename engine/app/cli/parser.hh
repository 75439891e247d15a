#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include "cli/command.hh"
#include "cli/globals.hh"

#include <optional>
#include <string>
#include <vector>

namespace engine::cli {

/// A command line understood.
struct Invocation {
  std::vector<std::string> path;  ///< names from below the root
  json::Object params;            ///< as an RPC client would send them; defaults are not filled in
  Globals globals;
};

/// What the program should do with its command line.
struct Parsed {
  std::optional<Invocation> invocation;  ///< absent: print `text` and end with `status`
  std::string text;
  int status = 0;  ///< other than 0: `text` belongs on standard error
};

/// Understands `words` (without the program's name) by the tree `root`. `version` answers
/// --version. ERRORS: Errc::usage, with a hint; Errc::script when the tree cannot be made a parser
/// (an option declared twice).
Result<Parsed> parse(const Command& root,
                     const std::vector<std::string>& words,
                     std::string_view version);

}  // namespace engine::cli
