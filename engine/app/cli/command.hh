#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::cli {

enum class ArgumentKind : std::uint8_t { positional, option, flag };
enum class ValueType : std::uint8_t { string, number, integer, boolean, json, path };

/// One argument of a command as the handler tree declares it. Value type.
struct Argument {
  std::string key = {};  ///< member of `params` it sets
  ArgumentKind kind = ArgumentKind::option;
  std::string long_name = {};   ///< "--force"; empty for positionals
  std::string short_name = {};  ///< "-f" or empty
  ValueType type = ValueType::string;
  bool required = false;
  bool repeated = false;
  bool trailing = false;                  ///< takes every word after the positionals, dashes or not
  bool flag_value = true;                 ///< what a flag sets when it is given
  bool own = false;                       ///< of a group's own handler: not for commands below it
  std::string default_text = {};          ///< for help only: the schema fills in defaults
  std::vector<std::string> choices = {};  ///< empty: any
  std::string help = {};
  /// "ID", "FORCE": how usage lines name the value.
  [[nodiscard]] std::string value_name() const;
};

/// One node of the command tree. Value type.
struct Command {
  std::string name;
  std::string about;
  std::vector<std::string> examples;
  std::vector<Argument> arguments;
  std::vector<Command> subcommands;
  std::string module = {};  ///< on children of the root: the module that declares it, if known
  bool callable = false;    ///< may be run; a group without a handler of its own may not
  bool hidden = false;
  std::map<std::string, std::string> labels = {};  ///< on the root: the words of help pages

  [[nodiscard]] const Command* find(std::string_view subcommand) const;
};

/// Reads what `lib.rpc.cli.describe` gives. ERRORS: Errc::script when it is not of that form.
Result<Command> read_command(const json::Value& description);

}  // namespace engine::cli
