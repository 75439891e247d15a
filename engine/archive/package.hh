#pragma once

#include "archive/archive.hh"
#include "json/value.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::archive {

/// Whether `name` is that of an icon: "icon." and an extension of images. Letter case counts.
bool is_icon_name(std::string_view name);

/// Checks that the files a package must have are present, for the architecture `arch` or, if that
/// is empty, for all its manifest names. REQUIRES: a manifest that passed check_manifest.
/// Gives warnings in plain words about what should be there and is not.
/// ERRORS: Errc::validate_s9pk, stage package.
Result<std::vector<std::string>> check_members(const Archive& archive,
                                               const json::Value& manifest,
                                               std::string_view arch);

/// Which files of a package an installation for `arch` needs; empty: of all its architectures.
/// ERRORS: as `check_members`, for what is needed and not there.
Result<std::function<bool(const std::string& path)>> needed_files(const Archive& archive,
                                                                  const json::Value& manifest,
                                                                  std::string_view arch);

}  // namespace engine::archive
