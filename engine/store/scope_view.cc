#include "store/scope_view.hh"

#include "json/scope.hh"
#include "store/path_index.hh"

#include <algorithm>
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

std::optional<json::Patch> wildcard_patch(const json::Patch& patch, const Pointer& scope) {
  json::Patch inside;
  for (const json::Operation& each : patch) {
    const auto& path = each.path.tokens();
    const bool moves = each.shifts && path.size() <= scope.depth();
    if (!matches(scope.tokens(), path, moves ? path.size() - 1 : path.size())) continue;
    if (moves || path.size() < scope.depth()) return std::nullopt;
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
