#pragma once

#include "base/result.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::archive {

/// What a package must be. The names (`rule_name`) are those verdicts show; docs/s9pk.md lists
/// them.
enum class Rule : std::uint8_t {
  magic,
  version,
  header_length,
  signature,
  commitment_hash,
  commitment_maxsize,
  root_maxsize,
  table_size,
  table_limit,
  table_range,
  varint,
  entry_count,
  entry_length,
  entry_type,
  name_length,
  name,
  duplicate_name,
  trailing_bytes,
  sighash,
  depth,
  total_entries,
  total_tables,
  file_range,
  file_hash,
  file_overlap,
  file_limit,
  manifest_missing,
  manifest_json,
  manifest_field,
  manifest_cbor,
  icon,
  required_file,
  image_arch,
  dependency_metadata,
};

/// `magic`, `header-length`, …
std::string_view rule_name(Rule rule);

/// Where a rule was broken.
struct Place {
  Rule rule;
  std::string_view path = {};                          ///< inside the package; may be empty
  std::optional<std::uint64_t> offset = std::nullopt;  ///< of the byte, from the file's first one
  std::string_view field = {};                         ///< of the manifest, "images.main.arch"
};

/// An Error about a package. Its `info` becomes `{"stage", "rule", "path"?, "offset"?,
/// "field"?}`.
Error fault(Errc code, const Place& place, std::string message, std::string hint);

/// The field of the manifest such an error names; empty for any other error.
std::string fault_field(const Error& error);

/// `error`, whose offset is `offset` if it named none.
Error fault_at(Error error, std::uint64_t offset);

/// `path` as shown to people: quoted, the root as "the root directory".
std::string show_path(std::string_view path);

}  // namespace engine::archive
