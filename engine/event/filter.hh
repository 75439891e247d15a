#pragma once

#include "base/result.hh"
#include "event/event.hh"
#include "json/value.hh"

#include <optional>
#include <string>
#include <vector>

namespace engine::event {

/// Which events a reader wants: every given field must match; alternatives within a field are
/// enough. An event that lacks a filtered field does not match. Value type.
struct Filter {
  std::vector<std::string> types = {};    ///< exact, or "prefix*"
  std::optional<log::Level> level = {};   ///< at least this
  std::vector<std::string> targets = {};  ///< dotted prefix: "service" matches "service.x"
  std::vector<std::string> resource_types = {};
  std::vector<std::string> resource_ids = {};
  std::vector<std::string> jobs = {};
  std::vector<std::string> packages = {};
  std::string path_scope = {};      ///< this path and its direct children
  bool include_descendants = true;  ///< … and everything below
  bool path_lenient = false;        ///< events without paths are in every scope

  /// From {"type", "level", "target", "resourceType", "resourceId", "job", "package", "pathScope",
  /// "includeDescendants", "pathLenient"}; the names may be written with underscores and in the
  /// plural, a list of one as a string. ERRORS: Errc::invalid_params naming the member.
  static Result<Filter> from_json(const json::Value& value);

  [[nodiscard]] bool matches(const Event& event) const;

  /// Equal for filters that let the same events through because they were written alike, whatever
  /// the order of alternatives.
  [[nodiscard]] std::string canonical() const;
};

}  // namespace engine::event
