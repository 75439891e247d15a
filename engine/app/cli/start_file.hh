#pragma once

#include "json/value.hh"

#include "cli/command.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::cli {

/// What is kept of a set of scripts (StartCache): the command tree, cut into its branches so that
/// only those a command names are read, and the compiled modules. Views into the text.
///
/// A table of names, sizes and hashes, an empty line, and the parts behind each other. LuaJIT
/// trusts what was compiled, so a module whose bytes are not those that were kept is as if it were
/// not there; a tree that was damaged is no JSON.
class StartFile {
 public:
  struct Module {
    std::string_view name;  ///< "core.echo"
    std::string_view code;
  };
  /// The text for a tree as `lib.rpc.cli.describe` gives it.
  static std::string make(const json::Value& tree, const std::vector<Module>& modules);

  explicit StartFile(std::string_view text);

  /// The tree; of its branches those that are named by one of `words` are whole, of the others
  /// there is what a list of commands shows. ERRORS: Errc::parse_error, Errc::script.
  [[nodiscard]] Result<Command> tree(const std::vector<std::string>& words) const;
  /// The compiled module; empty when there is none.
  [[nodiscard]] std::string_view code(std::string_view module) const;

 private:
  struct Part {
    std::string_view text;
    std::uint64_t hash = 0;
  };
  using Parts = std::unordered_map<std::string_view, Part>;
  Parts branches_;  ///< the root has the empty name
  Parts modules_;
};

}  // namespace engine::cli
