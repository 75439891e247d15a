#pragma once

#include "json/value.hh"

#include "cli/command.hh"

#include <optional>
#include <string>
#include <vector>

namespace engine::cli {

/// Options every command takes, before or after its name.
struct Globals {
  std::optional<std::string> data_dir;
  std::optional<std::string> instance;
  std::optional<std::string> format;  ///< table, json, json-pretty, yaml
  std::optional<std::string> color;   ///< auto, always, never
  std::optional<std::string> scripts;
  bool verbose = false;
};

/// The global options as arguments, for parser and help. `help` is the word of the page's language
/// (`Command::labels`).
const std::vector<Argument>& global_arguments();

/// Globals from the members (camelCase keys) the parser collected.
Globals read_globals(const json::Object& values);

/// What is known before the command tree is: the scripts that make it may lie in the data
/// directory. Never fails; the parser reports what is wrong.
Globals scan_globals(const std::vector<std::string>& words);

}  // namespace engine::cli
