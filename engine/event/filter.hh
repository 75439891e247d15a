#pragma once

#include "base/log.hh"
#include "base/result.hh"
#include "json/value.hh"

#include <string>
#include <string_view>
#include <vector>

namespace engine::event {

/// Something that happened. Value type; empty fields are absent.
struct Event {
  std::string type = {};  ///< "job", "script.reloaded", …
  log::Level level = log::Level::info;
  std::string target = {};   ///< the part that speaks, dotted: "service.hello-world"
  std::string job = {};      ///< job id
  std::string package = {};  ///< package id
  std::string path = {};     ///< what it is about, as a slash path: "/packageData/hello-world"
  std::string data = "{}";   ///< one JSON document
};

/// Which events a reader wants: every given field must match; alternatives within a field are
/// enough. An event that lacks a filtered field does not match. Value type.
struct Filter {
  std::vector<std::string> types = {};    ///< exact, or "prefix*"
  log::Level level = log::Level::trace;   ///< at least this
  std::vector<std::string> targets = {};  ///< dotted prefix: "service" matches "service.x"
  std::vector<std::string> jobs = {};
  std::vector<std::string> packages = {};
  std::string path_scope = {};      ///< this path and its direct children
  bool include_descendants = true;  ///< … and everything below

  /// From {"type", "level", "target", "job", "package", "path_scope", "include_descendants"};
  /// lists may be given as one string, and `types`, `targets`, … are accepted too.
  /// ERRORS: Errc::invalid_params naming the member.
  static Result<Filter> from_json(const json::Value& value);

  [[nodiscard]] bool matches(const Event& event) const;
};

}  // namespace engine::event
