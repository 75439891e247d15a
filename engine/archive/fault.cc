#include "archive/fault.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <array>

namespace engine::archive {

std::string_view stage_name(Stage stage) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "header", "signature", "commitment", "table", "file", "manifest", "package"};
  return kNames[static_cast<std::size_t>(stage)];
}

Error fault(Errc code, Stage stage, std::string_view path, std::string message, std::string hint) {
  json::Value info;
  info["stage"] = stage_name(stage);
  if (!path.empty()) info["path"] = path;
  return Error{.code = code,
               .message = std::move(message),
               .hint = std::move(hint),
               .info = json::write(info)};
}

std::string fault_stage(const Error& error, std::string_view otherwise) {
  const auto info = json::parse(error.info);
  return info ? info->string_or("stage", otherwise) : std::string(otherwise);
}

std::string show_path(std::string_view path) {
  return path.empty() ? "the root directory" : json::quote(path);
}

}  // namespace engine::archive
