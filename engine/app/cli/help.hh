#pragma once

#include "cli/command.hh"

#include <string>
#include <vector>

namespace engine::cli {

/// "moon-cli package start [OPTIONS] ID". `trail`: from the root to the command itself.
std::string usage_line(const std::vector<const Command*>& trail);

/// Everything about one command, for a terminal of `width` columns.
std::string help_text(const std::vector<const Command*>& trail, std::size_t width = 80);

/// Columns for help on standard output: what $COLUMNS or the terminal say, or 80.
std::size_t terminal_width();

}  // namespace engine::cli
