#include "archive/level.hh"

#include "archive/fault.hh"
#include "archive/manifest.hh"
#include "archive/package.hh"
#include "archive/text_place.hh"

namespace engine::archive {

namespace {

constexpr std::string_view kManifest = "manifest.json";

/// The place of a field, or of a file that is not there, is the manifest that asks for it.
Error placed(const Archive& archive, Error error) {
  const auto entry = archive.find(kManifest);
  const auto text = archive.read_file(kManifest);
  if (!entry || !text) return error;
  const std::string field = fault_field(error);
  if (field.empty()) return fault_at(std::move(error), entry->position);
  const std::size_t offset = locate_field(*text, field);
  error.message += ", at " + show_place(*text, offset);
  return fault_at(std::move(error), entry->position + offset);
}

}  // namespace

Result<Level> level_from_name(std::string_view name) {
  if (name == "archive") return Level::archive;
  if (name == "open") return Level::open;
  if (name == "package") return Level::package;
  return fail(Error{.code = Errc::invalid_params,
                    .message = "there is no level \"" + std::string(name) + "\"",
                    .hint = "use archive, open or package"});
}

Result<CheckReport> check_outline(const Archive& archive, const CheckOptions& options) {
  CheckReport report;
  if (options.level >= Level::open) {
    TRY_ASSIGN(report.manifest, read_manifest(archive));
  }
  if (options.level == Level::package) {
    const auto place = [&](Error error) { return placed(archive, std::move(error)); };
    TRY(check_manifest(*report.manifest).map_error(place));
    TRY_ASSIGN(report.warnings,
               check_members(archive, *report.manifest, options.arch).map_error(place));
  }
  return report;
}

Result<CheckReport> check(const Archive& archive, const CheckOptions& options) {
  TRY_ASSIGN(CheckReport report, check_outline(archive, options));
  TRY_ASSIGN(report.contents, verify_all(archive, options.verify));
  return report;
}

}  // namespace engine::archive
