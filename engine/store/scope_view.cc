#include "store/scope_view.hh"

#include "json/scope.hh"
#include "store/path_index.hh"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace engine::store {
namespace {

using json::Pointer;

/// The way to the next wildcard from token `depth` of a scope on.
struct Stretch {
  Pointer place;
  std::size_t wildcard = 0;  ///< its position; the depth of the scope if there is none
};

Stretch next_stretch(const Pointer& from, const Pointer& scope, std::size_t depth) {
  Stretch stretch{from, depth};
  const auto& tokens = scope.tokens();
  for (; stretch.wildcard < tokens.size() && tokens[stretch.wildcard] != kWildcard;
       ++stretch.wildcard) {
    stretch.place = stretch.place.child(tokens[stretch.wildcard]);
  }
  return stretch;
}

Result<std::vector<std::string>> children(const Snapshot& snapshot, const Pointer& place) {
  TRY_ASSIGN(const auto kind, snapshot.kind(place));
  if (kind == "object") return snapshot.keys(place);
  std::vector<std::string> names;
  if (kind != "array") return names;
  TRY_ASSIGN(const std::size_t size, snapshot.size(place));
  for (std::size_t i = 0; i < size; ++i)
    names.push_back(std::to_string(i));
  std::ranges::sort(names);  // members come in byte order everywhere
  return names;
}

Result<bool> shows_something(const Snapshot& snapshot,
                             const Pointer& from,
                             const Pointer& scope,
                             std::size_t depth) {
  const Stretch stretch = next_stretch(from, scope, depth);
  TRY_ASSIGN(const auto kind, snapshot.kind(stretch.place));
  if (stretch.wildcard == scope.depth()) return !kind.empty();
  return kind == "object" || kind == "array";
}

Result<> write_from(const Snapshot& snapshot,
                    const Pointer& from,
                    const Pointer& scope,
                    std::size_t depth,
                    json::Writer& out) {
  const Stretch stretch = next_stretch(from, scope, depth);
  if (stretch.wildcard == scope.depth()) return snapshot.write(stretch.place, out);
  out.start_object();
  TRY_ASSIGN(const auto names, children(snapshot, stretch.place));
  for (const std::string& name : names) {
    const Pointer child = stretch.place.child(name);
    TRY_ASSIGN(const bool shown, shows_something(snapshot, child, scope, stretch.wildcard + 1));
    if (!shown) continue;
    out.key(name);
    TRY(write_from(snapshot, child, scope, stretch.wildcard + 1, out));
  }
  out.end_object();
  return {};
}

bool matches(const std::vector<std::string>& scope,
             const std::vector<std::string>& path,
             std::size_t count) {
  for (std::size_t i = 0; i < std::min(count, scope.size()); ++i)
    if (scope[i] != kWildcard && scope[i] != path[i]) return false;
  return true;
}

/// The tokens that wildcards stand for, then those below the scope.
Pointer relative(const Pointer& scope, const Pointer& path) {
  Pointer inside;
  for (std::size_t i = 0; i < path.depth(); ++i) {
    if (i >= scope.depth() || scope.tokens()[i] == kWildcard) {
      inside = inside.child(path.tokens()[i]);
    }
  }
  return inside;
}

using Tokens = std::span<const std::string>;

/// The member or element of `value` that a token names; null if there is none.
const json::Value* child_of(const json::Value& value, const std::string& token) {
  const auto found = json::resolve(value, Pointer().child(token));
  return found ? *found : nullptr;
}

/// What the rest of a scope shows of `value`; nothing if it names nothing there.
std::optional<json::Value> shown_of(const json::Value& value, Tokens rest) {
  if (rest.empty()) return value;
  if (rest.front() != kWildcard) {
    const json::Value* child = child_of(value, rest.front());
    return child == nullptr ? std::nullopt : shown_of(*child, rest.subspan(1));
  }
  json::Object all;
  const auto add = [&](const std::string& name, const json::Value& child) {
    if (auto shown = shown_of(child, rest.subspan(1))) all.emplace(name, std::move(*shown));
  };
  if (const json::Object* members = value.object()) {
    for (const auto& [name, child] : *members)
      add(name, child);
  } else if (const json::Array* elements = value.array()) {
    for (std::size_t i = 0; i < elements->size(); ++i)
      add(std::to_string(i), (*elements)[i]);
  } else {
    return std::nullopt;
  }
  return json::Value(std::move(all));
}

/// What an operation above the end of a scope makes of what is seen: one value at the place that
/// the wildcards before it stand for. Whether something was seen there before is not known.
void add_from_above(const json::Operation& operation, const Pointer& scope, json::Patch& inside) {
  const Pointer place = relative(scope, operation.path);
  std::optional<json::Value> shown;
  if (operation.op != json::Op::remove) {
    shown = shown_of(operation.value, Tokens(scope.tokens()).subspan(operation.path.depth()));
  }
  if (place.is_root()) {
    json::Operation whole{.op = json::Op::replace};
    whole.value = std::move(shown).value_or(json::Value());
    inside.push_back(std::move(whole));
    return;
  }
  // Puts it in or replaces it.
  json::Operation put{.op = json::Op::add, .path = place};
  put.value = shown.value_or(json::Value());
  inside.push_back(std::move(put));
  if (!shown) inside.push_back({.op = json::Op::remove, .path = place});
}

std::optional<json::Patch> wildcard_patch(const json::Patch& patch, const Pointer& scope) {
  json::Patch inside;
  for (const json::Operation& each : patch) {
    const auto& path = each.path.tokens();
    const bool moves = each.shifts && path.size() <= scope.depth();
    if (!matches(scope.tokens(), path, moves ? path.size() - 1 : path.size())) continue;
    if (moves) return std::nullopt;
    if (path.size() < scope.depth()) {
      add_from_above(each, scope, inside);
      continue;
    }
    inside.push_back(each);
    inside.back().path = relative(scope, each.path);
  }
  return inside;
}

}  // namespace

Result<> write_scope(const Snapshot& snapshot, const Pointer& scope, json::Writer& out) {
  TRY_ASSIGN(const bool shown, shows_something(snapshot, {}, scope, 0));
  if (shown) return write_from(snapshot, {}, scope, 0, out);
  out.null();
  return {};
}

std::optional<json::Patch> scope_patch(const json::Patch& patch, const Pointer& scope) {
  if (std::ranges::find(scope.tokens(), kWildcard) != scope.tokens().end()) {
    return wildcard_patch(patch, scope);
  }
  if (json::disturbs(patch, scope)) return std::nullopt;
  return json::scoped(patch, scope, nullptr, nullptr);
}

}  // namespace engine::store
