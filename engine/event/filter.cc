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

Result<> read_level(const json::Value& value, std::optional<log::Level>& out) {
  const std::string* name = value.string();
  if (name == nullptr || log::level_name(log::level_from_name(*name)) != *name) {
    return bad_member("level", "one of trace, debug, info, warn, error");
  }
  out = log::level_from_name(*name);
  return {};
}

Result<> read_flag(std::string_view key, const json::Value& value, bool& out) {
  if (value.boolean() == nullptr) return bad_member(key, "a boolean");
  out = *value.boolean();
  return {};
}

/// "resourceTypes" and "resource_type" are one name: small letters only, singular.
std::string plain_name(std::string_view key) {
  std::string name;
  for (const char c : key) {
    if (c != '_') name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  if (name.ends_with('s') && name != "includedescendants") name.pop_back();
  return name;
}

Names* list_called(std::string_view name, Filter& filter) {
  if (name == "type") return &filter.types;
  if (name == "target") return &filter.targets;
  if (name == "resourcetype") return &filter.resource_types;
  if (name == "resourceid") return &filter.resource_ids;
  if (name == "job") return &filter.jobs;
  if (name == "package") return &filter.packages;
  return nullptr;
}

Result<> read_member(std::string_view key, const json::Value& value, Filter& out) {
  if (value.is_null()) return {};
  const std::string name = plain_name(key);
  if (Names* list = list_called(name, out)) return read_names(key, value, *list);
  if (name == "level") return read_level(value, out.level);
  if (name == "includedescendants") return read_flag(key, value, out.include_descendants);
  if (name == "pathlenient") return read_flag(key, value, out.path_lenient);
  if (name != "pathscope") {
    return fail(Errc::invalid_params, fmt::format("filter.{}: unknown member", key));
  }
  const std::string* path = value.string();
  if (path == nullptr || (!path->empty() && !path->starts_with('/'))) {
    return bad_member(key, "a path such as /public");
  }
  out.path_scope = *path;
  return {};
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

bool is_in_scope(const Filter& filter, std::string_view path) {
  std::string_view scope = filter.path_scope;
  if (scope.ends_with('/')) scope.remove_suffix(1);
  if (path.empty() || !is_below(path, scope, '/')) return false;
  if (filter.include_descendants || path.size() == scope.size()) return true;
  return path.find('/', scope.size() + 1) == std::string_view::npos;
}

bool any_in_scope(const Filter& filter, const Names& paths) {
  if (filter.path_scope.empty()) return true;
  if (paths.empty()) return filter.path_lenient;
  return std::ranges::any_of(
      paths, [&filter](const std::string& path) { return is_in_scope(filter, path); });
}

void write_sorted(std::string& out, Names names) {
  std::ranges::sort(names);
  out += fmt::format("{}:", names.size());
  for (const std::string& name : names)
    out += fmt::format("{}:{}", name.size(), name);
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
  return (level ? event.level >= *level : !event.aside) &&
         any_of(types, event.type, type_matches) && any_of(targets, event.target, below) &&
         any_of(resource_types, event.resource_type, equal) &&
         any_of(resource_ids, event.resource_id, equal) && any_of(jobs, event.job, equal) &&
         any_of(packages, event.package, equal) && any_in_scope(*this, event.paths);
}

std::string Filter::canonical() const {
  std::string out = fmt::format("{}{}{}{}:{}",
                                level ? log::level_name(*level) : "any",
                                include_descendants ? '+' : '-',
                                path_lenient ? '+' : '-',
                                path_scope.size(),
                                path_scope);
  for (const Names* names : {&types, &targets, &resource_types, &resource_ids, &jobs, &packages})
    write_sorted(out, *names);
  return out;
}

}  // namespace engine::event
