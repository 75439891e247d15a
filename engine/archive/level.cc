#include "archive/level.hh"

#include "archive/manifest.hh"
#include "archive/package.hh"

namespace engine::archive {

Result<Level> level_from_name(std::string_view name) {
  if (name == "archive") return Level::archive;
  if (name == "open") return Level::open;
  if (name == "package") return Level::package;
  return fail(Error{.code = Errc::invalid_params,
                    .message = "there is no level \"" + std::string(name) + "\"",
                    .hint = "use archive, open or package"});
}

Result<CheckReport> check(const Archive& archive, const CheckOptions& options) {
  CheckReport report;
  if (options.level >= Level::open) {
    TRY_ASSIGN(report.manifest, read_manifest(archive));
  }
  if (options.level == Level::package) {
    TRY(check_manifest(*report.manifest));
    TRY_ASSIGN(report.warnings, check_members(archive, *report.manifest, options.arch));
  }
  TRY_ASSIGN(report.contents, verify_all(archive, options.verify));
  return report;
}

}  // namespace engine::archive
