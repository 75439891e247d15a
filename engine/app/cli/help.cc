#include "cli/help.hh"

#include "base/columns.hh"

#include "cli/globals.hh"
#include "cli/words.hh"
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace engine::cli {
namespace {

struct Row {
  std::string left;
  std::string right;
};

std::string positional_form(const Argument& argument) {
  std::string form = argument.value_name() + (argument.repeated || argument.trailing ? "…" : "");
  return argument.required ? form : "[" + form + "]";
}

std::string option_form(const Argument& argument) {
  std::string form = argument.short_name.empty() ? "    " : argument.short_name + ", ";
  form += argument.long_name;
  if (argument.kind == ArgumentKind::option) form += " " + argument.value_name();
  return form;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string argument_help(const Argument& argument, const Words& words) {
  std::string text = argument.help;
  const auto add = [&text](const std::string& note) {
    text += (text.empty() ? "" : " ") + ("[" + note + "]");
  };
  if (!argument.choices.empty()) add(joined(argument.choices));
  if (!argument.default_text.empty() && argument.kind != ArgumentKind::flag) {
    add(words("default") + ": " + argument.default_text);
  }
  if (argument.kind == ArgumentKind::option && argument.required) add(words("required"));
  if (argument.kind == ArgumentKind::option && argument.repeated) {
    add(words("repeatable"));
  }
  return text;
}

/// Columns a text takes; every code point counts as one.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  const std::size_t room = std::max<std::size_t>(width > indent ? width - indent : 0, 24);
  std::istringstream words(text);
  std::string out;
  std::string word;
  std::size_t used = 0;
  while (words >> word) {
    const std::size_t need = columns(word);
    if (used > 0 && used + 1 + need > room) {
      out += "\n" + std::string(indent, ' ');
      used = 0;
    }
    out += (used > 0 ? " " : "") + word;
    used += need + (used > 0 ? 1 : 0);
  }
  return out;
}

void add_rows(std::string& out,
              std::string_view title,
              const std::vector<Row>& rows,
              std::size_t width) {
  if (rows.empty()) return;
  std::size_t widest = 0;
  for (const Row& row : rows)
    widest = std::max(widest, columns(row.left));
  const std::size_t indent = std::min<std::size_t>(widest, 30) + 4;
  out += "\n" + std::string(title) + ":\n";
  for (const Row& row : rows) {
    out += "  " + row.left;
    if (!row.right.empty()) {
      const std::size_t at = columns(row.left) + 2;
      out += at + 2 > indent ? "\n" + std::string(indent, ' ') : std::string(indent - at, ' ');
      out += wrapped(row.right, indent, width);
    }
    out += '\n';
  }
}

/// Some that may be left out; those that may not are named.
bool takes_options(const Command& command) {
  return std::any_of(command.arguments.begin(), command.arguments.end(), [](const Argument& a) {
    return a.kind != ArgumentKind::positional && !a.required;
  });
}

std::vector<Row> command_rows(const Command& command) {
  std::vector<Row> rows;
  for (const Command& subcommand : command.subcommands) {
    if (!subcommand.hidden) rows.push_back({subcommand.name, subcommand.about});
  }
  return rows;
}

std::vector<Row> argument_rows(const std::vector<Argument>& arguments,
                               bool positional,
                               const Words& words) {
  std::vector<Row> rows;
  for (const Argument& argument : arguments) {
    if ((argument.kind == ArgumentKind::positional) != positional) continue;
    rows.push_back({positional ? argument.value_name() : option_form(argument),
                    argument_help(argument, words)});
  }
  return rows;
}

std::vector<Row> global_rows(const Words& words) {
  std::vector<Argument> globals = global_arguments();
  for (Argument& global : globals)
    global.help = words(global.help);
  return argument_rows(globals, false, words);
}

std::string required_option(const Argument& argument) {
  return " " + argument.long_name + " " + argument.value_name();
}

/// What a group asks for before a command below it is named.
std::string handed_down(const Command& group) {
  std::string words;
  for (const Argument& argument : group.arguments) {
    if (!argument.required || argument.own) continue;
    words += argument.kind == ArgumentKind::positional ? " " + positional_form(argument)
                                                       : required_option(argument);
  }
  return words;
}

}  // namespace

std::string usage_line(const std::vector<const Command*>& trail) {
  std::string line;
  const Command& last = *trail.back();
  for (const Command* command : trail) {
    line += (line.empty() ? "" : " ") + command->name;
    if (command != &last) line += handed_down(*command);
  }
  if (takes_options(last) || trail.size() == 1) line += " [OPTIONS]";
  for (const Argument& argument : last.arguments) {
    if (argument.kind == ArgumentKind::option && argument.required)
      line += required_option(argument);
  }
  for (const Argument& argument : last.arguments) {
    if (argument.kind == ArgumentKind::positional) line += " " + positional_form(argument);
  }
  if (!last.subcommands.empty()) line += last.callable ? " [COMMAND]" : " COMMAND";
  return line;
}

std::string help_text(const std::vector<const Command*>& trail, std::size_t width) {
  const Command& command = *trail.back();
  const Words words(*trail.front());
  std::string out;
  if (!command.about.empty()) out += wrapped(command.about, 0, width) + "\n\n";
  out += words("usage") + ": " + usage_line(trail) + "\n";
  add_rows(out, words("commands"), command_rows(command), width);
  add_rows(out, words("arguments"), argument_rows(command.arguments, true, words), width);
  add_rows(out, words("options"), argument_rows(command.arguments, false, words), width);
  if (trail.size() == 1) {
    add_rows(out, words("options-of-every-command"), global_rows(words), width);
  }
  if (!command.examples.empty()) out += "\n" + words("examples") + ":\n";
  for (const std::string& example : command.examples)
    out += "  " + example + "\n";
  const std::string& program = trail.front()->name;
  if (trail.size() > 1) {
    out += "\n" + words("more-options") + ": " + program + " --help\n";
  } else {
    out += "\n" + words("more-help") + ": " + program + " COMMAND --help\n";
  }
  return out;
}

std::size_t terminal_width() {
  const std::size_t columns = output_columns(STDOUT_FILENO).value_or(80);
  return columns < 40 ? 80 : std::min<std::size_t>(columns, 110);
}

}  // namespace engine::cli
