#pragma once

#include "archive/archive.hh"
#include "archive/verify.hh"
#include "json/value.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::archive {

/// How much must be right for a package to pass; each level includes those before it.
enum class Level : std::uint8_t {
  archive,  ///< signature, every table, every present file
  open,     ///< the manifest is there and is a JSON object
  package,  ///< the manifest's fields are valid and the files a package needs are present
};

/// ERRORS: Errc::invalid_params.
Result<Level> level_from_name(std::string_view name);

struct CheckOptions {
  Level level = Level::package;
  std::string arch = {};  ///< level package: check for this architecture only
  VerifyOptions verify = {};
};

struct CheckReport {
  VerifyReport contents = {};
  std::optional<json::Value> manifest = std::nullopt;  ///< from level open on
  std::vector<std::string> warnings = {};
};

/// The part of `check` that reads no file but the manifest: everything except the content.
Result<CheckReport> check_outline(const Archive& archive, const CheckOptions& options = {});

/// Checks all of `archive` up to a level. Manifest and tables come before the large files, so that
/// a wrong package is refused early.
/// ERRORS: as the functions it is made of; the stage tells which.
Result<CheckReport> check(const Archive& archive, const CheckOptions& options = {});

}  // namespace engine::archive
