#include "event/filter.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::event {
namespace {

using Names = std::vector<std::string>;

tl::unexpected<Error> bad_member(std::string_view key, std::string_view expected) {
  return fail(Errc::invalid_params, fmt::format("filter.{}: must be {}", key, expected));
}

Result<> read_names(std::string_view key, const json::Value& value, Names& out) {
  if (const std::string* one = value.string()) {
    out = {*one};
    return {};
  }
  if (value.is_object() && value.object()->empty()) return {};
  const json::Array* elements = value.array();
  if (elements == nullptr) return bad_member(key, "a string or a list of strings");
  for (const json::Value& element : *elements) {
    if (!element.is_string()) return bad_member(key, "a string or a list of strings");
    out.push_back(*element.string());
  }
  return {};
}

Result<> read_level(const json::Value& value, log::Level& out) {
  const std::string* name = value.string();
  if (name == nullptr || log::level_name(log::level_from_name(*name)) != *name) {
    return bad_member("level", "one of trace, debug, info, warn, error");
  }
  out = log::level_from_name(*name);
  return {};
}

Result<> read_member(std::string_view key, const json::Value& value, Filter& out) {
  if (value.is_null()) return {};
  if (key == "level") return read_level(value, out.level);
  if (key == "path_scope") {
    if (!value.is_string()) return bad_member(key, "a string");
    out.path_scope = *value.string();
    return {};
  }
  if (key == "include_descendants") {
    if (value.boolean() == nullptr) return bad_member(key, "a boolean");
    out.include_descendants = *value.boolean();
    return {};
  }
  const std::string_view singular = key.ends_with('s') ? key.substr(0, key.size() - 1) : key;
  if (singular == "type") return read_names(key, value, out.types);
  if (singular == "target") return read_names(key, value, out.targets);
  if (singular == "job") return read_names(key, value, out.jobs);
  if (singular == "package") return read_names(key, value, out.packages);
  return fail(Errc::invalid_params, fmt::format("filter.{}: unknown member", key));
}

bool type_matches(const std::string& pattern, const std::string& type) {
  if (!pattern.ends_with('*')) return pattern == type;
  return type.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

/// Whether `name` is `prefix` or continues it after `separator`.
bool is_below(std::string_view name, std::string_view prefix, char separator) {
  return name.starts_with(prefix) &&
         (name.size() == prefix.size() || name[prefix.size()] == separator);
}

bool any_of(const Names& wanted, const std::string& value, auto matches) {
  return wanted.empty() ||
         (!value.empty() && std::ranges::any_of(wanted, [&](const std::string& pattern) {
           return matches(pattern, value);
         }));
}

bool in_scope(const Filter& filter, std::string_view path) {
  std::string_view scope = filter.path_scope;
  if (scope.ends_with('/')) scope.remove_suffix(1);
  if (path.empty() || !is_below(path, scope, '/')) return false;
  if (filter.include_descendants || path.size() == scope.size()) return true;
  return path.find('/', scope.size() + 1) == std::string_view::npos;
}

}  // namespace

Result<Filter> Filter::from_json(const json::Value& value) {
  Filter filter;
  if (value.is_null() || (value.is_array() && value.array()->empty())) return filter;
  const json::Object* members = value.object();
  if (members == nullptr) return fail(Errc::invalid_params, "filter: must be an object");
  for (const auto& [key, member] : *members)
    TRY(read_member(key, member, filter));
  return filter;
}

bool Filter::matches(const Event& event) const {
  const auto equal = [](const std::string& a, const std::string& b) { return a == b; };
  const auto below = [](const std::string& prefix, const std::string& name) {
    return is_below(name, prefix, '.');
  };
  return event.level >= level && any_of(types, event.type, type_matches) &&
         any_of(targets, event.target, below) && any_of(jobs, event.job, equal) &&
         any_of(packages, event.package, equal) &&
         (path_scope.empty() || in_scope(*this, event.path));
}

}  // namespace engine::event
