#include "archive/fault.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <array>
#include <utility>

namespace engine::archive {
namespace {

using Row = std::pair<std::string_view, Stage>;

constexpr std::array kRules = {
    Row{"magic", Stage::header},
    Row{"version", Stage::header},
    Row{"header-length", Stage::header},
    Row{"signature", Stage::signature},
    Row{"commitment-hash", Stage::commitment},
    Row{"commitment-maxsize", Stage::commitment},
    Row{"root-maxsize", Stage::commitment},
    Row{"table-size", Stage::table},
    Row{"table-limit", Stage::table},
    Row{"table-range", Stage::table},
    Row{"varint", Stage::table},
    Row{"entry-count", Stage::table},
    Row{"entry-length", Stage::table},
    Row{"entry-type", Stage::table},
    Row{"name-length", Stage::table},
    Row{"name", Stage::table},
    Row{"duplicate-name", Stage::table},
    Row{"trailing-bytes", Stage::table},
    Row{"sighash", Stage::table},
    Row{"depth", Stage::table},
    Row{"total-entries", Stage::table},
    Row{"total-tables", Stage::table},
    Row{"file-range", Stage::file},
    Row{"file-hash", Stage::file},
    Row{"file-overlap", Stage::file},
    Row{"file-limit", Stage::file},
    Row{"manifest-missing", Stage::manifest},
    Row{"manifest-json", Stage::manifest},
    Row{"manifest-field", Stage::manifest},
    Row{"manifest-cbor", Stage::manifest},
    Row{"icon", Stage::package},
    Row{"required-file", Stage::package},
    Row{"image-arch", Stage::package},
    Row{"dependency-metadata", Stage::package},
};
static_assert(kRules.size() == static_cast<std::size_t>(Rule::dependency_metadata) + 1);

const Row& row_of(Rule rule) {
  return kRules[static_cast<std::size_t>(rule)];
}

}  // namespace

std::string_view stage_name(Stage stage) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "header", "signature", "commitment", "table", "file", "manifest", "package"};
  return kNames[static_cast<std::size_t>(stage)];
}

std::string_view rule_name(Rule rule) {
  return row_of(rule).first;
}

Stage rule_stage(Rule rule) {
  return row_of(rule).second;
}

Error fault(Errc code, const Place& place, std::string message, std::string hint) {
  json::Value info;
  info["stage"] = stage_name(rule_stage(place.rule));
  info["rule"] = rule_name(place.rule);
  if (!place.path.empty()) info["path"] = place.path;
  if (place.offset) info["offset"] = *place.offset;
  if (!place.field.empty()) info["field"] = place.field;
  return Error{.code = code,
               .message = std::move(message),
               .hint = std::move(hint),
               .info = json::write(info)};
}

std::string fault_field(const Error& error) {
  const auto info = json::parse(error.info);
  return info ? info->string_or("field", "") : std::string();
}

Error fault_at(Error error, std::uint64_t offset) {
  auto info = json::parse(error.info);
  if (info && info->is_object() && info->find("offset") == nullptr) {
    (*info)["offset"] = offset;
    error.info = json::write(*info);
  }
  return error;
}

std::string show_path(std::string_view path) {
  return path.empty() ? "the root directory" : json::quote(path);
}

}  // namespace engine::archive
