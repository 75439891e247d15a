#include "rpc/method_table.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
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
  TRY_ASSIGN(method.raw_params, read_names(method, description.find("raw_params")));
  method.metadata = member_or_null(description, "metadata");
  if (!method.metadata.is_object()) method.metadata = json::Object{};
  method.params = member_or_null(description, "params");
  method.result = member_or_null(description, "result");
  method.about = description.string_or("about", "");
  return method;
}

/// Edits that turn `a` into `b`; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view handler_kind_name(HandlerKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

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
    table->methods_.push_back(std::move(method));
  }
  return table;
}

const Method* MethodTable::find(std::string_view name) const {
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
    const std::size_t edits = distance(name, method.name);
    if (edits < best) {
      best = edits;
      nearest = method.name;
    }
  }
  return nearest;
}

}  // namespace engine::rpc
