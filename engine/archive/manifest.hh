#pragma once

#include "archive/archive.hh"
#include "json/value.hh"

#include <string_view>

namespace engine::archive {

/// The package's manifest, verified and parsed: the rule of level *open*.
/// ERRORS: Errc::validate_s9pk, stage manifest (stage file if its content was changed).
Result<json::Value> read_manifest(const Archive& archive);

/// Checks every known field of a manifest; unknown ones are ignored.
/// ERRORS: Errc::validate_s9pk, stage manifest; the message names the field.
Result<> check_manifest(const json::Value& manifest);

}  // namespace engine::archive
