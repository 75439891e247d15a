#pragma once

#include "json/pointer.hh"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

/// In a scope, the token that stands for any one token. A member that is really called so is among
/// what it stands for.
inline constexpr std::string_view kWildcard = "*";

/// Items by the scope they look at. To find those that a change concerns costs the depth of its
/// path and what is found, however many there are. Used under its owner's lock.
template <typename T>
class PathIndex {
 public:
  using Item = std::shared_ptr<T>;

  void add(const json::Pointer& scope, Item item) {
    Node* at = &root_;
    for (const std::string& token : scope.tokens()) {
      auto& next = at->below[token];
      if (next == nullptr) next = std::make_unique<Node>();
      at = next.get();
    }
    at->items.push_back(std::move(item));
  }

  void remove(const json::Pointer& scope, const Item& item) { root_.remove(scope, 0, item); }

  /// Calls `visit` with each item whose scope is at `path`, above it or below it. Gives the number
  /// of places it has looked at.
  template <typename Visit>
  std::size_t visit(const json::Pointer& path, const Visit& visit) const {
    return root_.visit(path.tokens(), 0, visit);
  }

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> below;
    std::vector<Item> items;

    void remove(const json::Pointer& scope, std::size_t depth, const Item& item) {
      if (depth == scope.depth()) {
        std::erase(items, item);
        return;
      }
      const auto next = below.find(scope.tokens()[depth]);
      if (next == below.end()) return;
      next->second->remove(scope, depth + 1, item);
      if (next->second->below.empty() && next->second->items.empty()) below.erase(next);
    }

    template <typename Visit>
    std::size_t visit(const std::vector<std::string>& path,
                      std::size_t depth,
                      const Visit& visit_item) const {
      std::size_t seen = 1;
      for (const Item& item : items)
        visit_item(item);
      if (depth >= path.size()) {
        for (const auto& [token, node] : below)
          seen += node->visit(path, depth, visit_item);
        return seen;
      }
      if (const auto next = below.find(path[depth]); next != below.end()) {
        seen += next->second->visit(path, depth + 1, visit_item);
      }
      if (path[depth] == kWildcard) return seen;
      if (const auto any = below.find(kWildcard); any != below.end()) {
        seen += any->second->visit(path, depth + 1, visit_item);
      }
      return seen;
    }
  };

  Node root_;
};

}  // namespace engine::store
