#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace engine::store {

struct Node;
using NodePtr = std::shared_ptr<Node>;

/// Edited members by name; null for those taken out. Copied when frozen only. What a copy shares
/// with the one it was made from is copied in small parts, where it is edited: so a layer may be
/// published after every batch.
class MemberEdits {
 public:
  MemberEdits() = default;
  MemberEdits(const MemberEdits& other);
  MemberEdits& operator=(const MemberEdits&) = delete;

  /// Null if the member was not edited. Valid until the next `set`.
  [[nodiscard]] const NodePtr* find(std::string_view name) const;
  void set(std::string_view name, NodePtr node);
  /// Calls `visit(name, node)` in byte order of the names, until it fails.
  Result<> each(const std::function<Result<>(const std::string&, const NodePtr&)>& visit) const;
  /// Calls `visit(node)` for those edited since the copy, and some others.
  template <typename Visit>
  void each_recent(Visit visit) const {
    for (const Part& part : parts_) {
      if (part.shared) continue;
      for (const auto& [name, node] : *part.members)
        visit(node);
    }
  }

 private:
  using Member = std::pair<std::string, NodePtr>;
  /// Members that follow each other, at least one.
  struct Part {
    std::shared_ptr<std::vector<Member>> members;
    bool shared = false;  ///< with what this is a copy of: never changed then
  };
  [[nodiscard]] std::size_t part_of(std::string_view name) const;

  std::vector<Part> parts_;  ///< in byte order of the names
};

/// Edits of an object.
struct ObjectEdits {
  MemberEdits members;
  std::ptrdiff_t growth = 0;  ///< members there are more than below
};

/// A stretch of an edited array: `count` elements of the array below from `from` on; or one element
/// of its own, which changes element `from` below if `count` is 1 and is new if it is 0.
struct Piece {
  std::size_t from = 0;
  std::size_t count = 0;
  NodePtr own = {};
  [[nodiscard]] std::size_t size() const { return own ? 1 : count; }
};

/// Edits of an array, as the list of what it consists of now.
struct ArrayEdits {
  std::vector<Piece> pieces;
  std::size_t size = 0;

  /// The piece that holds an element, and the element's place in it.
  struct Spot {
    std::size_t piece = 0;
    std::size_t offset = 0;
  };
  /// REQUIRES: index < size.
  [[nodiscard]] Spot locate(std::size_t index) const;
  /// The piece of exactly element `index`. REQUIRES: as above.
  Piece& isolate(std::size_t index);
  /// Puts an element before the one at `index`, or at the end. REQUIRES: index <= size.
  void insert(std::size_t index, NodePtr node);
  /// REQUIRES: index < size.
  void remove(std::size_t index);

 private:
  std::size_t split(std::size_t index);
};

/// A place that differs from the document below: a whole new value, or edits of a container there.
/// Frozen nodes are shared between threads and never change again.
struct Node {
  std::variant<json::Value, ObjectEdits, ArrayEdits> content;
  bool frozen = false;
};

/// Freezes a node and all below it.
void freeze(const NodePtr& node);

}  // namespace engine::store
