#include "rpc/method_table.hh"

#include "base/nearest.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "rpc/wire_name.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace engine::rpc {
namespace {

constexpr std::array<std::string_view, 4> kKindNames = {"fn", "async", "async_local", "blocking"};

std::optional<HandlerKind> kind_named(std::string_view name) {
  const auto* found = std::ranges::find(kKindNames, name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<HandlerKind>(found - kKindNames.begin());
}

tl::unexpected<Error> refuse(const Method& method, std::string_view why) {
  const std::string where =
      method.file.empty() ? std::string() : fmt::format("{}:{}: ", method.file, method.line);
  std::string info;
  if (!method.file.empty()) {
    json::Value place;
    place["file"] = method.file;
    place["line"] = method.line;
    info = json::write(place);
  }
  return fail(Error{.code = Errc::script,
                    .message = fmt::format("{}method '{}': {}", where, method.name, why),
                    .info = std::move(info)});
}

/// A list of names. An empty Lua table may arrive as an object: that is an empty list too.
Result<std::vector<std::string>> read_names(const Method& method, const json::Value* value) {
  std::vector<std::string> names;
  if (value == nullptr || value->is_null() || value->is_object()) return names;
  const json::Array* elements = value->array();
  if (elements == nullptr) return refuse(method, "`raw_params` must be a list of names");
  for (const json::Value& element : *elements) {
    if (!element.is_string()) return refuse(method, "`raw_params` must be a list of names");
    names.push_back(*element.string());
  }
  return names;
}

json::Value member_or_null(const json::Value& description, std::string_view key) {
  const json::Value* value = description.find(key);
  return value == nullptr ? json::Value() : *value;
}

Result<Method> read_method(const json::Value& description) {
  Method method;
  method.name = description.string_or("method", "");
  method.file = description.string_or("file", "");
  method.line = description.integer_or("line", 0);
  if (!description.is_object() || description.find("method") == nullptr) {
    return refuse(method, "a description must be an object with `method`");
  }
  const std::string kind = description.string_or("kind", "fn");
  const auto known = kind_named(kind);
  if (!known) return refuse(method, fmt::format("unknown handler kind '{}'", kind));
  method.kind = *known;
  method.context = description.string_or("context", "RpcContext");
  method.read_only = description.boolean_or("read_only", false);
  method.raw_result = description.boolean_or("raw_result", false);
  if (const json::Value* metadata = description.find("metadata")) {
    method.detached = metadata->boolean_or("detached", false);
  }
  method.deadline = Milliseconds(description.integer_or("deadline_ms", 30'000));
  if (method.deadline <= Milliseconds(0)) return refuse(method, "`deadline_ms` must be positive");
  const std::int64_t max_params = description.integer_or("max_params", 0);
  if (max_params < 0) return refuse(method, "`max_params` must be positive");
  method.max_params = static_cast<std::size_t>(max_params);
  method.version = description.integer_or("version", 1);
  if (method.version < 1) return refuse(method, "`version` must be 1 or more");
  method.deprecated = description.boolean_or("deprecated", false);
  method.wire = description.string_or("wire", "");
  if (method.wire.empty()) method.wire = wire_name(method.name, method.read_only, method.version);
  TRY_ASSIGN(method.raw_params, read_names(method, description.find("raw_params")));
  method.metadata = member_or_null(description, "metadata");
  if (!method.metadata.is_object()) method.metadata = json::Object{};
  method.params = member_or_null(description, "params");
  method.result = member_or_null(description, "result");
  method.about = description.string_or("about", "");
  return method;
}

}  // namespace

Result<std::shared_ptr<const MethodTable>> MethodTable::build(std::string_view description) {
  TRY_ASSIGN(const json::Value root, json::parse(description));
  auto table = std::make_shared<MethodTable>();
  const json::Array* methods = root.array();
  if (methods == nullptr && !(root.is_object() && root.object()->empty())) {
    return fail(Errc::script, "the description of the methods must be a list");
  }
  for (std::size_t i = 0; methods != nullptr && i < methods->size(); ++i) {
    TRY_ASSIGN(Method method, read_method((*methods)[i]));
    method.index = i;
    if (!table->by_name_.emplace(method.name, i).second) {
      return refuse(method, "there is another method of that name");
    }
    TRY(table->add_wire_name(method));
    table->methods_.push_back(std::move(method));
  }
  return table;
}

/// REQUIRES: the method comes next in `methods_`.
Result<> MethodTable::add_wire_name(const Method& method) {
  const auto parsed = parse_wire_name(method.wire);
  if (!parsed) return refuse(method, fmt::format("'{}' is no versioned name", method.wire));
  const std::string prefix = parsed->query ? "query:" : "action:";
  const std::string latest = prefix + std::string(parsed->name);
  if (!by_wire_.emplace(fmt::format("{}.v{}", latest, parsed->version), method.index).second) {
    return refuse(method, fmt::format("there is another method called '{}'", method.wire));
  }
  const auto [newest, first] = latest_.emplace(latest, method.index);
  if (!first && methods_[newest->second].version < method.version) newest->second = method.index;
  return {};
}

const Method* MethodTable::find(std::string_view name, bool allow_latest) const {
  if (const auto wire = parse_wire_name(name)) {
    std::string key(wire->query ? "query:" : "action:");
    key += wire->name;
    if (wire->version == 0 && !allow_latest) return nullptr;
    if (wire->version != 0) key += fmt::format(".v{}", wire->version);
    const Index& index = wire->version == 0 ? latest_ : by_wire_;
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &methods_[found->second];
  }
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &methods_[found->second];
}

std::string_view MethodTable::nearest(std::string_view name) const {
  constexpr std::size_t kLongest = 64;
  if (name.size() > kLongest) return {};
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  std::string_view nearest;
  for (const Method& method : methods_) {
    if (method.name.size() >= name.size() + best || name.size() >= method.name.size() + best) {
      continue;  // so far apart in length alone
    }
    const std::size_t edits = edit_distance(name, method.name);
    if (edits < best) {
      best = edits;
      nearest = method.name;
    }
  }
  return nearest;
}

/// The methods below a name that is a group's; empty where it is not.
std::string MethodTable::group_hint(std::string_view name) const {
  constexpr std::size_t kMost = 5;
  std::string list;
  std::size_t count = 0;
  for (const Method& method : methods_) {
    const std::string_view below = method.name;
    if (below.size() <= name.size() || below[name.size()] != '.' || !below.starts_with(name)) {
      continue;
    }
    if (++count > kMost) return fmt::format("it is a group: {}, …", list);
    if (!list.empty()) list += ", ";
    list += below;
  }
  return list.empty() ? list : fmt::format("it is a group: {}", list);
}

std::string MethodTable::hint(std::string_view name) const {
  const auto wire = parse_wire_name(name);
  if (!wire) {
    if (std::string group = group_hint(name); !group.empty()) return group;
    const std::string_view near = nearest(name);
    return near.empty() ? std::string() : fmt::format("did you mean '{}'?", near);
  }
  for (const bool query : {wire->query, !wire->query}) {
    const auto found = latest_.find((query ? "query:" : "action:") + std::string(wire->name));
    if (found == latest_.end()) continue;
    const Method& method = methods_[found->second];
    if (query == wire->query) return fmt::format("its name is '{}'", method.wire);
    return fmt::format("it is {}: '{}'", method.read_only ? "a query" : "an action", method.wire);
  }
  const std::string_view near = nearest(wire->name);
  const Method* method = near.empty() ? nullptr : find(near);
  return method == nullptr ? std::string() : fmt::format("did you mean '{}'?", method->wire);
}

}  // namespace engine::rpc
