#include "cli/globals.hh"

namespace engine::cli {

Globals read_globals(const json::Object& values) {
  const json::Value all(values);
  const auto text = [&all](std::string_view key) -> std::optional<std::string> {
    const json::Value* found = all.find(key);
    if (found == nullptr) return std::nullopt;
    return *found->string();
  };
  return {.data_dir = text("dataDir"),
          .instance = text("instance"),
          .format = text("format"),
          .color = text("color"),
          .scripts = text("scripts"),
          .verbose = all.boolean_or("verbose", false)};
}

const std::vector<Argument>& global_arguments() {
  static const std::vector<Argument> kGlobals = {
      {.key = "dataDir", .long_name = "--data-dir", .type = ValueType::path, .help = "data-dir"},
      {.key = "instance", .long_name = "--instance", .help = "instance"},
      {.key = "format",
       .long_name = "--format",
       .choices = {"table", "json", "json-pretty", "yaml"},
       .help = "format"},
      {.key = "color",
       .long_name = "--color",
       .choices = {"auto", "always", "never"},
       .help = "color"},
      {.key = "scripts", .long_name = "--scripts", .type = ValueType::path, .help = "scripts"},
      {.key = "verbose", .kind = ArgumentKind::flag, .long_name = "--verbose", .help = "verbose"},
  };
  return kGlobals;
}

Globals scan_globals(const std::vector<std::string>& words) {
  json::Object values;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    for (const Argument& global : global_arguments()) {
      if (global.kind == ArgumentKind::flag && words[i] == global.long_name) {
        values[global.key] = true;
      } else if (words[i] == global.long_name && i + 1 < words.size()) {
        values[global.key] = words[++i];
      } else if (words[i].starts_with(global.long_name + "=")) {
        values[global.key] = words[i].substr(global.long_name.size() + 1);
      } else {
        continue;
      }
      break;
    }
  }
  return read_globals(values);
}

}  // namespace engine::cli
