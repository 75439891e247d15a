#include "archive/fault.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <array>
#include <utility>

namespace engine::archive {
namespace {

/// A rule's name, and the step of reading at which it is looked at; in the order of both.
struct Row {
  std::string_view rule;
  std::string_view stage;
};

constexpr std::array kRules = {
    Row{"magic", "header"},
    Row{"version", "header"},
    Row{"header-length", "header"},
    Row{"signature", "signature"},
    Row{"commitment-hash", "commitment"},
    Row{"commitment-maxsize", "commitment"},
    Row{"root-maxsize", "commitment"},
    Row{"table-size", "table"},
    Row{"table-limit", "table"},
    Row{"table-range", "table"},
    Row{"varint", "table"},
    Row{"entry-count", "table"},
    Row{"entry-length", "table"},
    Row{"entry-type", "table"},
    Row{"name-length", "table"},
    Row{"name", "table"},
    Row{"duplicate-name", "table"},
    Row{"trailing-bytes", "table"},
    Row{"sighash", "table"},
    Row{"depth", "table"},
    Row{"total-entries", "table"},
    Row{"total-tables", "table"},
    Row{"file-range", "file"},
    Row{"file-hash", "file"},
    Row{"file-overlap", "file"},
    Row{"file-limit", "file"},
    Row{"manifest-missing", "manifest"},
    Row{"manifest-json", "manifest"},
    Row{"manifest-field", "manifest"},
    Row{"manifest-cbor", "manifest"},
    Row{"icon", "package"},
    Row{"required-file", "package"},
    Row{"image-arch", "package"},
    Row{"dependency-metadata", "package"},
};
static_assert(kRules.size() == static_cast<std::size_t>(Rule::dependency_metadata) + 1);

const Row& row_of(Rule rule) {
  return kRules[static_cast<std::size_t>(rule)];
}

}  // namespace

std::string_view rule_name(Rule rule) {
  return row_of(rule).rule;
}

Error fault(Errc code, const Place& place, std::string message, std::string hint) {
  json::Value info;
  info["stage"] = row_of(place.rule).stage;
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
