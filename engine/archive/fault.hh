#pragma once

#include "base/result.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::archive {

/// The step of reading a package at which it was refused, in the order they are taken.
enum class Stage : std::uint8_t { header, signature, commitment, table, file, manifest, package };

/// `header`, `signature`, …
std::string_view stage_name(Stage stage);

/// An Error about a package. `info` becomes `{"path": …, "stage": …}`; `path` is the place inside
/// the package and may be empty.
Error fault(Errc code, Stage stage, std::string_view path, std::string message, std::string hint);

/// The stage an error made by `fault` names; `otherwise` for any other error.
std::string fault_stage(const Error& error, std::string_view otherwise = "");

/// `path` as shown to people: quoted, the root as "the root directory".
std::string show_path(std::string_view path);

}  // namespace engine::archive
